import { once } from 'node:events';
import {
  FetcherServiceClient,
  type FetcherServiceServer,
  FetcherServiceService,
  FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterEach, expect, it } from 'vitest';
import { callUnary, createClient } from './client.js';
import { serverStream, unary } from './handlers.js';
import { type RunningServer, startServer } from './start-server.js';

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.shutdown(100);
  server = undefined;
});

/** A fetcher that throws what `make` makes of the id it is asked for. */
async function serve(make: (datasetId: string) => unknown): Promise<FetcherServiceClient> {
  const implementation = {
    listDatasets: unary(async () => ({ datasets: [], unreadable: [] })),
    verifyDataset: unary(async ({ datasetId }: { datasetId: string }) => {
      throw make(datasetId);
    }),
    readDataset: serverStream(({ datasetId }: { datasetId: string }) => {
      throw make(datasetId);
    }),
    fetchPair: serverStream(async function* () {
      yield { message: { $case: 'progress', value: { stage: '', done: 0n, total: 0n, rssBytes: 0n } } };
      await new Promise(() => undefined);
    }),
  } as unknown as FetcherServiceServer;
  server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => grpc.addService(FetcherServiceService, implementation),
    healthNames: [],
  });
  return createClient(FetcherServiceClient, server.address);
}

const named = (id: string): OnescanError =>
  new OnescanError('NOT_FOUND', `no dataset ${id}`, { remedy: id, details: { id } });

it.each<[string, string, (id: string) => unknown]>([
  ['an emoji cut in half', '\ud83d', named],
  ['control characters', '\u0000\u001b]0;x\u0007\r\n', named],
  ['100 letters of four bytes', '😀'.repeat(100), named],
  ['6,000 control characters', '\u0001'.repeat(6_000), named],
  ['3,000 letters of two bytes', 'ü'.repeat(3_000), named],
  ['60,000 letters', 'x'.repeat(60_000), named],
  ['something that is no error', 'x', () => ({ toString: null })],
  ['an error whose message is none', 'x', () => Object.assign(new Error(), { message: Symbol('x') })],
])('an error made of %s reaches its caller and harms no other call', async (_what, id, make) => {
  const client = await serve(make);
  const other = client.fetchPair(FetchPairRequest.create());
  other.on('error', () => undefined);
  await once(other, 'data');
  const ends = once(other, 'end').then(() => 'ended');
  const unaryError = callUnary(client, client.verifyDataset, { datasetId: id }, { deadlineMs: 5_000 });
  await expect(unaryError).rejects.toMatchObject({
    code: make === named ? 'NOT_FOUND' : 'INTERNAL',
    message: expect.not.stringMatching(/[^\P{Cc}\n\t]|\p{Cs}/u),
  });
  const stream = client.readDataset({ datasetId: id, offset: 0n });
  stream.resume();
  const [thrown] = await once(stream, 'error');
  expect(OnescanError.from(thrown).code).toBe(make === named ? 'NOT_FOUND' : 'INTERNAL');
  await callUnary(client, client.listDatasets, {}, { deadlineMs: 5_000 });
  expect(await Promise.race([ends, Promise.resolve('open')])).toBe('open');
  other.cancel();
  client.close();
});
