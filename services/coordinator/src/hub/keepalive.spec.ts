import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { ServiceError } from '@grpc/grpc-js';
import {
  ConnectRequest,
  TrainerHubServiceClient,
  type TrainerHubServiceServer,
  TrainerHubServiceService,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { createClient } from '@onescan/process/grpc/client.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { parseCoordinatorOptions } from '../coordinator-options.js';

/** How often both ends ask whether the other is there, in milliseconds. */
const ASKS_EVERY_MS = 10_000;
const { leaseMs } = parseCoordinatorOptions([
  '--listen',
  'localhost:0',
  '--fetcher',
  'localhost:1',
  '--state',
  'x',
]);
const HEARTBEAT = ConnectRequest.fromPartial({ message: { $case: 'heartbeat', value: {} } });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
});

/** The network between: held, it delivers nothing and closes nothing, as a partition does. */
class Network {
  readonly #sockets: Socket[] = [];
  readonly #late: (() => void)[] = [];
  #isHeld = false;
  #server: Server | undefined;

  /** Returns its own address. */
  async start(target: string): Promise<string> {
    const port = Number(target.slice(target.lastIndexOf(':') + 1));
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      this.#carry(near, far);
      this.#carry(far, near);
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve));
    closers.push(() => this.#close());
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const deliver of this.#late.splice(0)) deliver();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.push(from);
    from
      .on('error', () => undefined)
      .on('data', (bytes) => {
        if (this.#isHeld) this.#late.push(() => to.write(bytes));
        else to.write(bytes);
      });
  }

  #close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }
}

/** Waits in real time: what vitest polls with moves the clocks that stand still here. */
async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`in vain: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A trainer's stream through a network that can be held; clocks of keepalive stand still until they are moved. */
async function streamOverNetwork() {
  const ends: string[] = [];
  let heard = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const hub = {
    connect: (call) => {
      call.on('data', () => heard++).on('cancelled', () => ends.push('server'));
      call.on('error', () => undefined);
    },
  } as Partial<TrainerHubServiceServer>;
  const server: RunningServer = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => grpc.addService(TrainerHubServiceService, hub as TrainerHubServiceServer),
    healthNames: [],
  });
  closers.push(() => server.shutdown(0));
  const network = new Network();
  const client = createClient(TrainerHubServiceClient, await network.start(server.address));
  closers.push(() => client.close());
  const stream = client.connect();
  stream.on('error', (error: ServiceError) => ends.push(error.details)).resume();
  stream.write(HEARTBEAT);
  await until(() => heard === 1);
  return { network, stream, ends, heard: () => heard };
}

test('a stream outlives a cut of the network as long as a lease, and what was said in it arrives', async () => {
  const { network, stream, ends, heard } = await streamOverNetwork();
  network.hold();
  // Both ends ask at once when the cut begins: the worst moment.
  vi.advanceTimersByTime(ASKS_EVERY_MS);
  stream.write(HEARTBEAT);
  vi.advanceTimersByTime(leaseMs - 1);
  network.release();
  await until(() => heard() === 2 || ends.length > 0);
  expect([heard(), ends]).toEqual([2, []]);
});

test('a peer that is gone without a word is noticed by both ends', async () => {
  const { network, ends } = await streamOverNetwork();
  network.hold();
  vi.advanceTimersByTime(ASKS_EVERY_MS);
  vi.advanceTimersByTime(leaseMs);
  await until(() => ends.length === 2);
  expect(ends).toContain('server');
});
