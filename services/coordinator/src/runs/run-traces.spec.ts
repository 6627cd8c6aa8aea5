import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Metadata } from '@grpc/grpc-js';
import { AttemptOutcome, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { spanIds } from '@onescan/process/telemetry/span-ids.js';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
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
    const horizons = named(SPAN.horizon);
    expect(horizons).toHaveLength(4);
    const below = [...horizons, ...named(SPAN.planPair)];
    expect(named(SPAN.planPair).map((span) => span.parentSpanContext?.spanId)).toEqual(
      [0, 1].map(() => named(SPAN.plan)[0]!.spanContext().spanId),
    );
    const others = exporter.getFinishedSpans().filter((span) => span !== root && !below.includes(span));
    expect(others.map((span) => span.name).sort()).toEqual(
      [SPAN.fetch, SPAN.fetch, SPAN.plan, SPAN.record, SPAN.trainPair, SPAN.trainPair].sort(),
    );
    for (const span of others) expect(span.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
    for (const { assigned } of stack.trainers) {
      for (const { task, traceparent } of assigned) {
        const parent = named(SPAN.trainPair).find((span) => span.attributes[ATTRIBUTE.pair] === task!.pair)!;
        const [, traceId, spanId] = traceparent.split('-');
        const horizon = horizons.find((span) => span.spanContext().spanId === spanId)!;
        expect(horizon.spanContext().traceId).toBe(traceId);
        expect(horizon.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
        expect(horizon.attributes).toMatchObject({
          [ATTRIBUTE.outcome]: 'DONE',
          [ATTRIBUTE.pair]: task!.pair,
        });
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
    const [, traceId, attemptId] = before!.traceparent.split('-');
    expect((await stack.getRun(runId)).traceId).toBe(traceId);
    const root = named(SPAN.run)[0]!.spanContext();
    const [pair, ...others] = named(SPAN.trainPair);
    expect(others).toEqual([]);
    const [horizon] = named(SPAN.horizon);
    expect(horizon!.spanContext()).toMatchObject({ traceId, spanId: attemptId });
    expect(horizon!.parentSpanContext?.spanId).toBe(pair!.spanContext().spanId);
    const [seconds, nanos] = pair!.startTime;
    expect(seconds * 1e3 + nanos / 1e6, 'its first start').toBeLessThanOrEqual(stoppedMs);
    expect(pair!.parentSpanContext).toMatchObject({ traceId, spanId: root.spanId });
    const all = exporter
      .getFinishedSpans()
      .filter(({ name }) => ![SPAN.run, SPAN.horizon, SPAN.planPair].some((known) => known === name));
    expect(all.every((span) => span.parentSpanContext?.spanId === root.spanId)).toBe(true);
  } finally {
    await stack.close();
  }
});

test('spans of attempts that ended, and that a killed coordinator did not come to write, the next one writes', async () => {
  const stack = await TestStack.start({}, { leaseMs: 3_000 });
  try {
    const [trainer] = stack.addTrainers(1, (assign, self) => {
      if (self.assigned.length === 1) self.succeed(assign);
    });
    const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15, 30] });
    await expect.poll(() => trainer!.assigned.length).toBe(2);
    const [ended, open] = trainer!.assigned.map(({ traceparent }) => traceparent.split('-')[2]);
    await stack.stopCoordinator();
    expect(named(SPAN.horizon).map((span) => span.spanContext().spanId)).toEqual([ended]);
    const [before] = named(SPAN.horizon);
    exporter.reset();
    // What was written is known by the run's own file.
    rmSync(join(stack.stateDir, 'runs', runId, 'trace.jsonl'), { force: true });
    await stack.startCoordinator(trainer!.address);
    trainer!.finishOffline(trainer!.assigned[1]!);
    await expect.poll(() => trainer!.acks.length, { timeout: 10_000 }).toBeGreaterThan(1);
    await stack.watch(runId);
    await expect.poll(() => named(SPAN.run)).toHaveLength(1);
    const written = named(SPAN.horizon);
    expect(written.map((span) => span.spanContext().spanId)).toEqual([ended, open]);
    expect(written[0]!.attributes).toMatchObject({ [ATTRIBUTE.outcome]: 'DONE', [ATTRIBUTE.horizon]: 15 });
    const lateMs = (written[0]!.endTime[0] - before!.endTime[0]) * 1e3;
    expect(Math.abs(lateMs + (written[0]!.endTime[1] - before!.endTime[1]) / 1e6)).toBeLessThan(500);
  } finally {
    await stack.close();
  }
});

test('an attempt begins with its pair at the earliest, however slow the clock is read', async () => {
  const stack = await TestStack.start();
  try {
    await stack.stopCoordinator();
    let wall = Date.now();
    stack.clocks = { wall: () => wall++, monotonic: () => performance.now() };
    await stack.startCoordinator();
    stack.addTrainers(1);
    await stack.complete({ pairs: ['eurusd'], horizons: [15] });
    const [[horizon], [pair]] = [named(SPAN.horizon), named(SPAN.trainPair)];
    expect(horizon!.startTime).toEqual(pair!.startTime);
  } finally {
    await stack.close();
  }
});

test('an attempt that is taken back has a span, and the next one a link to it', async () => {
  const stack = await TestStack.start({}, { leaseMs: 1_000, reconnectGraceMs: 100 });
  try {
    const [first] = stack.addTrainers(1, (assign, self) =>
      self.send({ $case: 'progress', value: { task: assign.task, stage: 'select', fraction: 0.4 } }),
    );
    const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
    const taken = async () => (await stack.getRun(runId)).tasks[0]!;
    await expect.poll(async () => (await taken()).stage).toBe('select');
    first!.close();
    await expect.poll(async () => (await taken()).attempt, { timeout: 10_000 }).toBe(2);
    const [second] = stack.addTrainers(1);
    await stack.watch(runId);
    await expect.poll(() => named(SPAN.run)).toHaveLength(1);

    const { attempts } = await taken();
    expect(attempts).toMatchObject([
      { attempt: 1, outcome: AttemptOutcome.ATTEMPT_OUTCOME_LOST, stage: 'select', fraction: 0.4 },
      { attempt: 2, outcome: AttemptOutcome.ATTEMPT_OUTCOME_DONE, trainerId: second!.id, stage: '' },
    ]);
    const [lost, done] = named(SPAN.horizon);
    expect([lost, done].map((span) => span!.spanContext().spanId)).toEqual(
      attempts.map(({ spanId }) => spanId),
    );
    expect(lost!.status.code).toBe(SpanStatusCode.ERROR);
    expect(lost!.events[0]!.attributes).toMatchObject({ 'exception.type': 'LOST' });
    expect(lost!.attributes).toMatchObject({
      [ATTRIBUTE.trainerId]: first!.id,
      [ATTRIBUTE.failureKind]: 'LOST',
      [ATTRIBUTE.lastStage]: 'select',
      [ATTRIBUTE.lastFraction]: 0.4,
    });
    expect(done!.status.code).toBe(SpanStatusCode.UNSET);
    expect(done!.links.map(({ context }) => context.spanId)).toEqual([lost!.spanContext().spanId]);
  } finally {
    await stack.close();
  }
});

test("a run goes on with the trace of who starts it, and a user's cancel is no error", async () => {
  const stack = await TestStack.start();
  try {
    const [traceId, callerId] = ['0af7651916cd43dd8448eb211c80319c', '00f067aa0ba902b7'];
    const bring = (metadata: Metadata): void => metadata.set('traceparent', `00-${traceId}-${callerId}-01`);
    const spec = RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15] });
    const { client } = stack;
    const { runId } = await callUnary(client, client.startRun, { spec, rerunOf: '' }, { bring });
    await expect
      .poll(async () => (await stack.getRun(runId)).state)
      .toBe(RunState.RUN_STATE_AWAITING_APPROVAL);
    const plan = (await stack.getRun(runId)).plan!;
    await callUnary(client, client.approveRun, {
      runId,
      planHash: plan.planHash,
      approvedBy: 'anna',
      automatic: false,
    });
    await callUnary(client, client.cancelRun, { runId, pair: '', reason: 'enough' });
    const [root, call] = [named(SPAN.run)[0]!, named('onescan.v1.CoordinatorService/StartRun')[0]!];
    expect(call.parentSpanContext).toMatchObject({ traceId, spanId: callerId });
    expect(call.kind).toBe(SpanKind.SERVER);
    expect(call.attributes).toMatchObject({ 'rpc.system.name': 'grpc', 'rpc.response.status_code': 'OK' });
    expect(root.parentSpanContext).toMatchObject({ traceId, spanId: call.spanContext().spanId });
    expect((await stack.getRun(runId)).traceId).toBe(traceId);
    expect(root.status.code).toBe(SpanStatusCode.UNSET);
    expect(root.events.map(({ name }) => name)).toEqual(['awaiting approval', 'approved', 'cancelled']);
    expect(root.attributes).toMatchObject({
      [ATTRIBUTE.approver]: 'anna',
      [ATTRIBUTE.state]: 'CANCELLED',
      [ATTRIBUTE.usdBand]: expect.any(String),
      [ATTRIBUTE.approvalSeconds]: expect.any(Number),
    });
    // Looking at it every second leaves no spans.
    expect(named('onescan.v1.CoordinatorService/GetRun')).toEqual([]);
  } finally {
    await stack.close();
  }
});

function named(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}
