import { setTimeout as sleep } from 'node:timers/promises';
import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { OtlpReceiver } from '../otlp-receiver.js';
import type { ReceivedSpan } from '../otlp-traces.js';
import { quickSpec, startRun } from '../runs.js';
import type { ServiceProcess } from '../service-process.js';
import { Stack } from '../stack.js';
import { traceFaults } from '../trace-faults.js';
import { WAREHOUSE } from '../warehouse.js';

const PATIENCE_MS = 180_000;

let receiver: OtlpReceiver;
let stack: Stack;
/** The trainers that live, by their ids. */
const running = new Map<string, ServiceProcess>();

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  stack = await Stack.start({
    warehouse: WAREHOUSE,
    trainers: 2,
    env: receiver.env,
    coordinatorFlags: ['--lease-ms', '3000'],
  });
  stack.trainers.forEach((trainer, i) => {
    running.set(`trainer-${i + 1}`, trainer);
  });
}, PATIENCE_MS);
afterAll(async () => {
  await stack.stop();
  await receiver.stop();
});

interface Moment {
  readonly stage: string;
  readonly trainerId: string;
  readonly state: TaskState;
}

let seed = 1;

/** Runs until `harm` has found its moment in a run, and gives that run's spans when all have come. */
async function runWith(harm: (moment: Moment) => Promise<void> | undefined): Promise<ReceivedSpan[]> {
  for (;;) {
    const sizes = { pairs: ['eurusd'], horizons: [15, 30, 45], sample: { rows: 1500 } };
    const runId = await startRun(stack, quickSpec({ ...sizes, seed: seed++ }));
    let harmed: Promise<void> | undefined;
    await followRun(stack, runId, ({ event }) => {
      if (event?.$case === 'task') harmed ??= harm(event.value);
    });
    await harmed;
    const run = await readRun(stack, runId);
    expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
    const spansOf = (): ReceivedSpan[] => receiver.spans.filter(({ traceId }) => traceId === run.traceId);
    await expect.poll(() => spansOf().some(({ name }) => name === SPAN.run), { timeout: 10_000 }).toBe(true);
    // Spans wait half a second before they are sent.
    await sleep(1_500);
    if (harmed) return spansOf();
  }
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan[] {
  return spans.filter((span) => span.name === name);
}

test.each(['load', 'select', 'model'])(
  'a trainer that is killed in %s leaves a whole trace',
  async (stage) => {
    const spans = await runWith((moment) => {
      if (moment.stage !== stage) return undefined;
      const { trainerId: id } = moment;
      running.get(id)!.kill('SIGKILL');
      running.set(id, stack.addTrainer({ id }));
      return Promise.resolve();
    });
    expect(traceFaults(spans)).toEqual([]);
    const lost = named(spans, SPAN.horizon).filter(
      ({ attributes }) => attributes[ATTRIBUTE.outcome] === 'LOST',
    );
    expect(lost).toHaveLength(1);
    expect(lost[0]!.statusCode).toBe(2);
  },
  PATIENCE_MS,
);

// Right after an attempt has ended its span waits to be sent; somewhat later it has been; in between it is on its way.
test.each([0, 20, 200, 450, 600])(
  'a coordinator that is killed %i ms after an attempt has ended leaves a whole trace',
  async (delayMs) => {
    const spans = await runWith(({ state }) => {
      if (state !== TaskState.TASK_STATE_DONE) return undefined;
      return sleep(delayMs).then(() => stack.restartCoordinator());
    });
    expect(traceFaults(spans)).toEqual([]);
    expect(named(spans, SPAN.horizon)).toHaveLength(3);
    expect(named(spans, SPAN.trainPair)).toHaveLength(1);
  },
  PATIENCE_MS,
);

test(
  'so does one that is killed while a pair is fetched, and a fetcher that is',
  async () => {
    for (const harm of [() => stack.restartCoordinator(), () => stack.restartFetcher()]) {
      const sizes = { pairs: ['usdjpy'], horizons: [15], sample: { rows: 2000 + seed } };
      const runId = await startRun(stack, quickSpec({ ...sizes, seed: seed++ }));
      let harmed: Promise<void> | undefined;
      await followRun(stack, runId, ({ event }) => {
        if (event?.$case === 'fetchProgress') harmed ??= harm();
      });
      await harmed;
      const run = await readRun(stack, runId);
      expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
      await sleep(1_500);
      const spans = receiver.spans.filter(({ traceId }) => traceId === run.traceId);
      expect(traceFaults(spans)).toEqual([]);
      expect(named(spans, SPAN.run)).toHaveLength(1);
    }
  },
  PATIENCE_MS,
);

test(
  "a user's cancel leaves a whole trace without an error",
  async () => {
    const spec = quickSpec({ pairs: ['eurusd', 'usdjpy'], horizons: [15, 30, 45], seed: seed++ });
    const runId = await startRun(stack, spec);
    let isCancelled = false;
    await followRun(stack, runId, ({ event }) => {
      if (isCancelled || event?.$case !== 'task' || event.value.stage !== 'select') return;
      isCancelled = true;
      const { coordinator } = stack;
      void callUnary(coordinator, coordinator.cancelRun, { runId, pair: '', reason: 'enough' });
    });
    const run = await readRun(stack, runId);
    expect(run.state).toBe(RunState.RUN_STATE_CANCELLED);
    await sleep(1_500);
    const spans = receiver.spans.filter(({ traceId }) => traceId === run.traceId);
    expect(traceFaults(spans)).toEqual([]);
    expect(spans.filter(({ statusCode }) => statusCode === 2).map(({ name }) => name)).toEqual([]);
    expect(named(spans, SPAN.run)).toHaveLength(1);
  },
  PATIENCE_MS,
);
