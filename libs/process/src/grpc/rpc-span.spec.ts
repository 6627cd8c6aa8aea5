import {
  FetcherServiceClient,
  type FetcherServiceServer,
  FetcherServiceService,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import {
  type PutTaskFileRequest,
  TrainerHubServiceClient,
  type TrainerHubServiceServer,
  TrainerHubServiceService,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { callClientStream, callServerStream, createClient } from './client.js';
import { clientStream, serverStream } from './handlers.js';
import { bringTraceparent } from './rpc-span.js';
import { type RunningServer, startServer } from './start-server.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const bring = bringTraceparent(`00-${TRACE}-${CALLER}-01`);

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let server: RunningServer;
let fetcher: FetcherServiceClient;
let hub: TrainerHubServiceClient;

beforeAll(async () => {
  provider.register();
  server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => {
      grpc.addService(FetcherServiceService, {
        readDataset: serverStream(async function* ({ datasetId }: { datasetId: string }) {
          yield { offset: 0n, chunk: Buffer.from('a'), totalBytes: 1n };
          if (datasetId === 'torn') throw new OnescanError('DATA_LOSS', 'torn');
        }),
      } as unknown as FetcherServiceServer);
      grpc.addService(TrainerHubServiceService, {
        putTaskFile: clientStream(async (requests: AsyncIterable<PutTaskFileRequest>) => {
          for await (const _ of requests);
          return {};
        }),
      } as unknown as TrainerHubServiceServer);
    },
    healthNames: [],
  });
  fetcher = createClient(FetcherServiceClient, server.address);
  hub = createClient(TrainerHubServiceClient, server.address);
});
beforeEach(() => exporter.reset());
afterAll(async () => {
  fetcher.close();
  hub.close();
  await server.shutdown(100);
  await provider.shutdown();
  trace.disable();
});

async function read(datasetId: string, options: Parameters<typeof callServerStream>[3] = {}): Promise<void> {
  const request = { datasetId, offset: 0n };
  for await (const _ of callServerStream(fetcher, fetcher.readDataset, request, options));
}

async function spans(): Promise<ReadableSpan[]> {
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(1);
  return exporter.getFinishedSpans();
}

test('a stream that brings a traceparent has a span, by the conventions for gRPC', async () => {
  await read('whole', { bring });
  const [span] = await spans();
  expect(span!.name).toBe('onescan.v1.FetcherService/ReadDataset');
  expect(span!.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: CALLER });
  expect(span!.attributes).toEqual({
    'rpc.system.name': 'grpc',
    'rpc.system': 'grpc',
    'rpc.method': 'onescan.v1.FetcherService/ReadDataset',
    'rpc.service': 'onescan.v1.FetcherService',
    'rpc.response.status_code': 'OK',
    'rpc.grpc.status_code': 0,
  });
});

test('its status is that of the call', async () => {
  await expect(read('torn', { bring })).rejects.toMatchObject({ code: 'DATA_LOSS' });
  const [span] = await spans();
  expect(span!.attributes).toMatchObject({
    'rpc.response.status_code': 'DATA_LOSS',
    'rpc.grpc.status_code': 15,
  });
  expect(span!.status.code).toBe(SpanStatusCode.ERROR);
});

test('a client that streams has one too', async () => {
  async function* nothing(): AsyncGenerator<PutTaskFileRequest> {}
  await callClientStream(hub, hub.putTaskFile, nothing(), { bring });
  const [span] = await spans();
  expect(span!.name).toBe('onescan.v1.TrainerHubService/PutTaskFile');
  expect(span!.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: CALLER });
});

test('a stream that brings none has no span', async () => {
  await read('whole');
  await read('whole', { bring: bringTraceparent('') });
  expect(exporter.getFinishedSpans()).toEqual([]);
});
