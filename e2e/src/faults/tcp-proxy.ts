import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A TCP proxy that can stop forwarding without a FIN or RST, as a network does that drops packets: both ends
 * keep a connection on which nothing arrives any more. What was sent meanwhile arrives after `heal`.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #near = new Set<Socket>();
  #isCut = false;
  /** Bytes that still pass towards the caller before all connections break. */
  #bytesLeft = Number.POSITIVE_INFINITY;
  #breaks = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param target "host:port" to forward to */
  static start(target: string): Promise<TcpProxy> {
    const [host, port] = target.split(':');
    return new Promise((resolve, reject) => {
      const server = createServer((near) => proxy.#forward(near, { host: host!, port: Number(port) }));
      const proxy = new TcpProxy(server);
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(proxy));
    });
  }

  get address(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the proxy does not listen');
    return `127.0.0.1:${bound.port}`;
  }

  /**
   * Nothing is forwarded any more, or nothing from those who dialled the proxy; connections stay open and new
   * ones are accepted.
   */
  cut(what: 'all' | 'from-near' = 'all'): void {
    this.#isCut = true;
    for (const socket of what === 'all' ? this.#sockets : this.#near) socket.pause();
  }

  heal(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Breaks all connections once so many more bytes have come back; later ones work. */
  breakAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** How many times {@link breakAfter} has broken connections. */
  get breaks(): number {
    return this.#breaks;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(near: Socket, target: { host: string; port: number }): void {
    const far = connect(target);
    this.#near.add(near);
    near.on('close', () => this.#near.delete(near));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        if (from === far && this.#isUsedUp(chunk, to)) this.#breakAll();
        else to.write(chunk);
      });
      from.on('end', () => to.end());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      // A refused or reset connection ends the other side too, through 'close'.
      from.on('error', () => undefined);
      if (this.#isCut) from.pause();
    }
  }

  /** Lets through what is left. */
  #isUsedUp(chunk: Buffer, to: Socket): boolean {
    const left = this.#bytesLeft;
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft >= 0) return false;
    to.write(chunk.subarray(0, left));
    return true;
  }

  #breakAll(): void {
    this.#breaks++;
    this.#bytesLeft = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.destroy();
  }
}
