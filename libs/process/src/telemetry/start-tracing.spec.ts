import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach, expect, it, vi } from 'vitest';
import { startTracing } from './start-tracing.js';
import { withSpan } from './tracing.js';

/** A stack stops three kinds of processes in turn, and all of them together may wait two seconds for a collector. */
const MOST_MS = 650;

let server: Server | undefined;
/** What was logged as a warning. */
let told: object[] = [];

afterEach(() => {
  told = [];
  vi.unstubAllEnvs();
  for (const api of [trace, context, propagation]) api.disable();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A collector that answers as `listener` does; the number of requests so far. */
async function collector(listener: RequestListener): Promise<() => number> {
  let requests = 0;
  server = createServer((request, response) => {
    requests++;
    listener(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${port}`);
  return () => requests;
}

/** Milliseconds that the end of tracing takes with a span that is not sent yet. */
async function shutdownMs(afterSpan: () => Promise<unknown> = async () => undefined): Promise<number> {
  const tracing = await startTracing('test', {
    warn: (facts: object) => told.push(facts),
    debug: () => undefined,
  } as never);
  await withSpan('work', {}, async () => undefined);
  await afterSpan();
  const start = performance.now();
  await tracing.shutdown();
  return performance.now() - start;
}

it('ends soon and well when the collector is down', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
  expect(await shutdownMs()).toBeLessThan(MOST_MS);
  expect(told).toEqual([{ dropped: 1, reason: expect.any(String) }]);
});

it.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['answers 503', (_, response) => response.writeHead(503).end()],
  ['answers 404', (_, response) => response.writeHead(404).end()],
])('ends soon and well when the collector %s', async (_, listener) => {
  const requests = await collector(listener);
  const ms = await shutdownMs(() => vi.waitUntil(() => requests() > 0, { timeout: 5_000 }));
  expect(ms).toBeLessThan(MOST_MS);
  expect(told).toEqual([{ dropped: 1, reason: expect.any(String) }]);
});

it('waits for a collector that is slow but takes the spans', async () => {
  let answered = 0;
  const requests = await collector((_, response) => {
    const delayMs = answered === 0 ? 0 : 1_000;
    setTimeout(() => response.writeHead(200).end(() => answered++), delayMs);
  });
  const ms = await shutdownMs(async () => {
    await vi.waitUntil(() => answered === 1, { timeout: 5_000 });
    // Until the exporter has its answer too: whoever delivers is waited for.
    await sleep(700);
    await withSpan('last', {}, async () => undefined);
  });
  expect(requests()).toBe(2);
  // The client may have the answer before its server is told so.
  await vi.waitUntil(() => answered === 2, { timeout: 5_000 });
  expect(ms).toBeGreaterThan(900);
  expect(told).toEqual([]);
});

it.each([
  ['http/protobuf', 'application/x-protobuf'],
  ['http/json', 'application/json'],
])('speaks %s, with the headers and the resource that the variables say', async (protocol, type) => {
  const seen: { type?: string; key?: string; body: string }[] = [];
  await collector((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'content-type': is, 'x-key': key } = request.headers;
      seen.push({ type: is!, key: String(key), body: Buffer.concat(chunks).toString('latin1') });
      response.writeHead(200).end('{}');
    });
  });
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', protocol);
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=abc');
  vi.stubEnv('OTEL_SERVICE_NAME', 'scan-of-anna');
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'team=blue');
  await shutdownMs();
  expect(seen).toMatchObject([{ type, key: 'abc' }]);
  for (const part of ['scan-of-anna', 'blue', 'service.instance.id', 'host.name', 'process.pid']) {
    expect(seen[0]!.body).toContain(part);
  }
});

it('sends nothing where the variables say so, or say nothing of where to', async () => {
  const requests = await collector((_, response) => response.writeHead(200).end());
  for (const [name, value] of [
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_TRACES_EXPORTER', 'none'],
    ['OTEL_TRACES_SAMPLER', 'always_off'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ''],
  ]) {
    vi.stubEnv(name!, value);
    await shutdownMs();
    for (const api of [trace, context, propagation]) api.disable();
    if (name !== 'OTEL_EXPORTER_OTLP_ENDPOINT') vi.stubEnv(name!, undefined);
  }
  expect(requests()).toBe(0);
  expect(told).toEqual([]);
});
