import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { spanIds } from '@onescan/process/telemetry/span-ids.js';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestStack } from '../testing/test-stack.js';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({
  idGenerator: spanIds,
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});

beforeAll(() => provider.register());
beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
});

test('a run is one trace: plan, fetch and train_pair per pair, and record, all under run', async () => {
  const stack = await TestStack.start();
  try {
    stack.addTrainers(2);
    const runId = await stack.startRun({ pairs: ['eurusd', 'gbpusd'], horizons: [15, 45] });
    await stack.watch(runId);
    const run = await stack.getRun(runId);
    await expect.poll(() => named(SPAN.run)).toHaveLength(1);
    const root = named(SPAN.run)[0]!;
    expect(run.traceId).toBe(root.spanContext().traceId);
    expect(root.attributes).toMatchObject({ [ATTRIBUTE.runId]: runId, [ATTRIBUTE.statements]: 2 });
    const others = exporter.getFinishedSpans().filter((span) => span !== root);
    expect(others.map((span) => span.name).sort()).toEqual(
      [SPAN.fetch, SPAN.fetch, SPAN.plan, SPAN.record, SPAN.trainPair, SPAN.trainPair].sort(),
    );
    for (const span of others) expect(span.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
    for (const { assigned } of stack.trainers) {
      for (const { task, traceparent } of assigned) {
        const parent = named(SPAN.trainPair).find((span) => span.attributes[ATTRIBUTE.pair] === task!.pair)!;
        expect(traceparent).toContain(`${root.spanContext().traceId}-${parent.spanContext().spanId}`);
      }
    }
    const fetched = stack.fetcher.fetches.map(({ traceparent }) => traceparent.split('-')[2]);
    expect(fetched.sort()).toEqual(
      named(SPAN.fetch)
        .map((span) => span.spanContext().spanId)
        .sort(),
    );
  } finally {
    await stack.close();
  }
});

test('spans that a coordinator could not end are sent by the next under the same ids', async () => {
  const stack = await TestStack.start({}, { leaseMs: 3_000 });
  try {
    const [trainer] = stack.addTrainers(1, () => undefined);
    // One task: nothing is assigned after the restart, and the pair's span must be sent all the same.
    const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
    await expect.poll(() => trainer!.assigned.length).toBe(1);
    const [before] = trainer!.assigned;
    const stoppedMs = Date.now();
    await stack.stopCoordinator();
    expect([...named(SPAN.run), ...named(SPAN.trainPair)]).toEqual([]);
    await stack.startCoordinator(trainer!.address);
    trainer!.finishOffline(before!);
    await expect.poll(() => trainer!.acks.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await stack.watch(runId);
    await expect.poll(() => named(SPAN.run)).toHaveLength(1);
    const [, traceId, spanId] = before!.traceparent.split('-');
    expect((await stack.getRun(runId)).traceId).toBe(traceId);
    const root = named(SPAN.run)[0]!.spanContext();
    const [pair, ...others] = named(SPAN.trainPair);
    expect(others).toEqual([]);
    expect(pair!.spanContext()).toMatchObject({ traceId, spanId });
    const [seconds, nanos] = pair!.startTime;
    expect(seconds * 1e3 + nanos / 1e6, 'its first start').toBeLessThanOrEqual(stoppedMs);
    expect(pair!.parentSpanContext).toMatchObject({ traceId, spanId: root.spanId });
    const all = exporter.getFinishedSpans().filter((span) => span.name !== SPAN.run);
    expect(all.every((span) => span.parentSpanContext?.spanId === root.spanId)).toBe(true);
  } finally {
    await stack.close();
  }
});

function named(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}
