import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach, expect, it, vi } from 'vitest';
import { startTracing, withSpan } from './tracing.js';

/** A stack stops three kinds of processes in turn, and all of them together may wait two seconds for a collector. */
const MOST_MS = 650;

let server: Server | undefined;

afterEach(() => {
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
  const tracing = startTracing('test');
  await withSpan('work', {}, async () => undefined);
  await afterSpan();
  const start = performance.now();
  await tracing.shutdown();
  return performance.now() - start;
}

it('ends soon and well when the collector is down', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
  expect(await shutdownMs()).toBeLessThan(MOST_MS);
});

it.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['answers 503', (_, response) => response.writeHead(503).end()],
  ['answers 404', (_, response) => response.writeHead(404).end()],
])('ends soon and well when the collector %s', async (_, listener) => {
  const requests = await collector(listener);
  const ms = await shutdownMs(() => vi.waitUntil(() => requests() > 0, { timeout: 5_000 }));
  expect(ms).toBeLessThan(MOST_MS);
});

it('waits for a collector that is slow but takes the spans', async () => {
  let answered = 0;
  const requests = await collector((_, response) => {
    const delayMs = answered === 0 ? 0 : 1_000;
    setTimeout(() => response.writeHead(200).end(() => answered++), delayMs);
  });
  const ms = await shutdownMs(async () => {
    await vi.waitUntil(() => answered === 1, { timeout: 5_000 });
    await withSpan('last', {}, async () => undefined);
  });
  expect(requests()).toBe(2);
  expect(answered).toBe(2);
  expect(ms).toBeGreaterThan(900);
});
