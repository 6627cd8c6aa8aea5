import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A TCP proxy in front of an address, whose network can be cut: nothing passes meanwhile, in either direction, and no end of
 * a connection does. What was held back arrives afterwards, as after a real partition.
 *
 * @param {string} target "host:port"
 */
export async function startPartition(target) {
  const [host, port] = target.split(':');
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: own } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    address: `127.0.0.1:${own}`,
    /** @param {number} ms */
    async cut(ms) {
      for (const socket of sockets) socket.pause();
      await new Promise((over) => setTimeout(over, ms));
      for (const socket of sockets) socket.resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
