import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeCertificate, type TestIdentity } from '../testing/certificates.js';
import { startTracing } from './start-tracing.js';
import { withSpan } from './tracing.js';

let folder: string;
let authority: TestIdentity;
let own: TestIdentity;
const stop: (() => void)[] = [];
/** What was logged as a warning. */
let told: object[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-collector-'));
  authority = makeCertificate({ name: 'authority of the test', isCa: true });
  own = makeCertificate({ name: 'collector', hosts: ['127.0.0.1'], issuer: authority });
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
});
afterEach(() => {
  for (const each of stop.splice(0)) each();
  told = [];
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts tracing by the environment as it is, makes spans and ends it. */
async function traced(spans = 1): Promise<void> {
  const tracing = await startTracing('test', {
    warn: (facts: object) => told.push(facts),
    debug: () => undefined,
  } as never);
  for (let i = 0; i < spans; i++) await withSpan(`work ${i}`, {}, async () => undefined);
  await tracing.shutdown();
  for (const api of [trace, context, propagation]) api.disable();
}

/** A collector that takes OTLP over HTTPS; the bodies that it was sent. */
async function secureCollector(): Promise<string[]> {
  const bodies: string[] = [];
  const take: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('latin1'));
      response.writeHead(200).end();
    });
  };
  const server = createServer({ cert: own.cert, key: own.key }, take).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop.push(() => {
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return bodies;
}

it('trusts the collector whose authority OTEL_EXPORTER_OTLP_CERTIFICATE names, and no other', async () => {
  const bodies = await secureCollector();
  await traced();
  expect(bodies).toEqual([]);
  expect(told).toEqual([{ dropped: 1, reason: expect.any(String) }]);
  told = [];
  vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', join(folder, 'ca.pem'));
  await traced();
  expect(told).toEqual([]);
  expect(bodies).toEqual([expect.stringContaining('work 0')]);
});

/** The path of every collector's method, as opentelemetry-proto has it. */
const EXPORT = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const;

/** A collector that takes OTLP over gRPC; what it was sent, with the header "x-key". */
async function grpcCollector(credentials: ServerCredentials, scheme: string): Promise<[string, string][]> {
  const taken: [string, string][] = [];
  const server = new Server();
  const take: handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, callback) => {
    taken.push([request.toString('latin1'), String(metadata.get('x-key')[0])]);
    callback(null, Buffer.alloc(0));
  };
  server.addService({ export: EXPORT }, { export: take });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (problem, bound) =>
      problem ? reject(problem) : resolve(bound),
    );
  });
  stop.push(() => server.forceShutdown());
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=abc');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `${scheme}://127.0.0.1:${port}`);
  return taken;
}

it('speaks gRPC, with headers', async () => {
  const taken = await grpcCollector(ServerCredentials.createInsecure(), 'http');
  await traced();
  expect(taken).toEqual([[expect.stringContaining('work 0'), 'abc']]);
  expect(told).toEqual([]);
});

it('speaks gRPC with TLS, by the same certificate', async () => {
  const pair = { cert_chain: Buffer.from(own.cert), private_key: Buffer.from(own.key) };
  const taken = await grpcCollector(ServerCredentials.createSsl(null, [pair]), 'https');
  vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', join(folder, 'ca.pem'));
  await traced();
  expect(taken).toEqual([[expect.stringContaining('work 0'), 'abc']]);
});

it('makes as many traces as the sampler says', async () => {
  const bodies = await secureCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', join(folder, 'ca.pem'));
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
  vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0.25');
  await traced(400);
  const sent = new Set(bodies.join('').match(/work \d+/g)).size;
  // Six standard deviations about 100.
  expect(sent).toBeGreaterThan(48);
  expect(sent).toBeLessThan(152);
  expect(told).toEqual([]);
});

it('says what it does not know, and speaks the default', async () => {
  const bodies = await secureCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', join(folder, 'ca.pem'));
  vi.stubEnv('OTEL_TRACES_EXPORTER', 'otlp,zipkin');
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'carrier pigeon');
  await traced();
  expect(bodies).toHaveLength(1);
  expect(told).toEqual([expect.objectContaining({ protocol: 'carrier pigeon' }), { exporter: 'zipkin' }]);
});

it('writes to stderr for "console": stdout is for data', () => {
  const program = `
    import { startTracing } from ${JSON.stringify(new URL('../../dist/telemetry/start-tracing.js', import.meta.url))};
    import { withSpan } from ${JSON.stringify(new URL('../../dist/telemetry/tracing.js', import.meta.url))};
    const tracing = await startTracing('test', console);
    await withSpan('work', {}, async () => undefined);
    await tracing.shutdown();
    console.log('data');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'console' },
  });
  expect(stdout).toBe('data\n');
  expect(stderr).toContain("name: 'work'");
});
