import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OtlpReceiver } from './otlp-receiver.js';
import type { ReceivedSpan } from './otlp-traces.js';
import { finishRun, quickSpec, startRun } from './runs.js';
import { Stack } from './stack.js';
import { traceFaults } from './trace-faults.js';
import { WAREHOUSE } from './warehouse.js';

/** Seven are in long/jaeger.spec.ts. */
const HORIZONS = [15, 45, 105];

let receiver: OtlpReceiver;
let spans: ReceivedSpan[];

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  const stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 2, env: receiver.env });
  try {
    const spec = quickSpec({ pairs: ['usdjpy'], horizons: HORIZONS, sample: { rows: 2000 } });
    const run = await finishRun(stack, await startRun(stack, spec));
    expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
    // Every service sends what it has left when it stops.
    await stack.stop();
    spans = receiver.spans.filter((span) => span.traceId === run.traceId);
  } finally {
    await stack.stop();
  }
});
afterAll(() => receiver.stop());

const named = (name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);
const childrenOf = (span: ReceivedSpan): ReceivedSpan[] =>
  spans.filter((other) => other.parentSpanId === span.spanId);

test('one trace a run, with `run` as its only root and no span without its parent', () => {
  expect(spans.filter((span) => span.parentSpanId === '').map((span) => span.name)).toEqual([SPAN.run]);
  const ids = new Set(spans.map((span) => span.spanId));
  expect(spans.filter((span) => span.parentSpanId !== '' && !ids.has(span.parentSpanId))).toEqual([]);
  expect(new Set(spans.map((span) => span.service)).size).toBe(3);
  expect(spans.filter((span) => span.statusCode === 2)).toEqual([]);
});

/** What a reader of a span asks for. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  [SPAN.run]: [
    ...[ATTRIBUTE.pairs, ATTRIBUTE.preset, ATTRIBUTE.planHash, ATTRIBUTE.approver, ATTRIBUTE.approvalSeconds],
    ...[ATTRIBUTE.state, ATTRIBUTE.statements, ATTRIBUTE.bytesBilled, ATTRIBUTE.usd, ATTRIBUTE.usdBand],
  ],
  [SPAN.planPair]: [
    ATTRIBUTE.pair,
    ATTRIBUTE.bytesEstimated,
    ATTRIBUTE.usd,
    ATTRIBUTE.usdBand,
    ATTRIBUTE.statements,
  ],
  [SPAN.fetch]: [
    ATTRIBUTE.pair,
    ATTRIBUTE.bytesBilled,
    ATTRIBUTE.usdBand,
    'rpc.method',
    'rpc.response.status_code',
  ],
  [SPAN.fetchPair]: [
    ATTRIBUTE.jobs,
    ATTRIBUTE.bytesBilled,
    ATTRIBUTE.rows,
    'rpc.method',
    'rpc.grpc.status_code',
  ],
  ...Object.fromEntries(
    ['query', 'spool', 'write', 'verify'].map((stage) => [
      stage,
      [ATTRIBUTE.pair, ATTRIBUTE.jobs, ATTRIBUTE.bytesBilled, ATTRIBUTE.rows],
    ]),
  ),
  [SPAN.horizon]: [
    ...[ATTRIBUTE.pair, ATTRIBUTE.horizon, ATTRIBUTE.attempt, ATTRIBUTE.trainerId, ATTRIBUTE.outcome],
    ...[ATTRIBUTE.peakRssBytes, ATTRIBUTE.memoryBand, ATTRIBUTE.secondsBand],
    ...[ATTRIBUTE.featuresTested, ATTRIBUTE.featuresRetained, ATTRIBUTE.verdict],
  ],
  ...Object.fromEntries(
    [SPAN.prune, SPAN.select, SPAN.model, SPAN.explain].map((stage) => [
      stage,
      [ATTRIBUTE.pair, ATTRIBUTE.horizon, ATTRIBUTE.attempt, ATTRIBUTE.trainerId, ATTRIBUTE.peakRssBytes],
    ]),
  ),
  [SPAN.prune]: [
    ATTRIBUTE.pair,
    ATTRIBUTE.peakRssBytes,
    'onescan.stage.featuresIn',
    'onescan.stage.featuresOut',
  ],
  [SPAN.select]: [
    ATTRIBUTE.pair,
    ATTRIBUTE.peakRssBytes,
    'onescan.stage.featuresIn',
    'onescan.stage.featuresOut',
  ],
};

test.each(Object.keys(SAID))('%s says what a reader asks for', (name) => {
  const those = named(name);
  expect(those.length).toBeGreaterThan(0);
  for (const { attributes } of those)
    expect(Object.keys(attributes)).toEqual(expect.arrayContaining([...SAID[name]!]));
});

test('every span has an id of its own and lies within its parent', () => {
  expect(traceFaults(spans)).toEqual([]);
});

test('run → plan, a fetch and a train span for the pair', () => {
  const [run] = named(SPAN.run);
  const children = childrenOf(run!).map((span) => span.name);
  expect(children).toContain(SPAN.plan);
  expect(children.filter((name) => name === SPAN.fetch)).toHaveLength(1);
  expect(children.filter((name) => name === SPAN.trainPair)).toHaveLength(1);
  const [fetch] = named(SPAN.fetch);
  expect(fetch!.attributes[ATTRIBUTE.pair]).toBe('usdjpy');
  expect(childrenOf(fetch!).map((span) => span.service)).not.toContain(fetch!.service);
});

test('all horizons under the pair, each with prune, select, model and explain', () => {
  const [pair] = named(SPAN.trainPair);
  const horizons = childrenOf(pair!).filter((span) => span.name === SPAN.horizon);
  expect(
    horizons.map((span) => span.attributes[ATTRIBUTE.horizon]).sort((a, b) => Number(a) - Number(b)),
  ).toEqual(HORIZONS);
  for (const horizon of horizons) {
    // The coordinator has spans of its calls there.
    const own = childrenOf(horizon).filter(({ service }) => service === 'onescan-trainer');
    const stages = own.filter(({ name }) => name !== SPAN.load);
    expect(stages.map((span) => span.name)).toEqual([SPAN.prune, SPAN.select, SPAN.model, SPAN.explain]);
    expect(horizon.attributes[ATTRIBUTE.pair]).toBe('usdjpy');
    expect(horizon.attributes[ATTRIBUTE.verdict]).toMatch(/^[A-Z_]+$/);
    for (const stage of stages) {
      expect(stage.start).toBeGreaterThanOrEqual(horizon.start - CLOCK_TOLERANCE_NS);
      expect(stage.end).toBeLessThanOrEqual(horizon.end + CLOCK_TOLERANCE_NS);
    }
  }
});

test('a trainer loads the pair once', () => {
  const loads = named(SPAN.load);
  const trainers = new Set(named(SPAN.horizon).map((span) => span.attributes[ATTRIBUTE.trainerId]));
  expect(loads).toHaveLength(trainers.size);
});

/** Threads of a process read the same clock, but spans round it to different digits. */
const CLOCK_TOLERANCE_NS = 5_000_000n;
