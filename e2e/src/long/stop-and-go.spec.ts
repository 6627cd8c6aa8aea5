import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { onescan } from '../command.js';
import { followRun, readRun } from '../faults/follow-run.js';
import { fingerprint } from '../faults/run-fingerprint.js';
import { whenWorking } from '../faults/when-working.js';
import { quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

let stack: Stack;
afterEach(() => stack.stop());

const start = (trainers: number): Promise<Stack> => Stack.start({ warehouse: WAREHOUSE, trainers });

test('cancelling a run ends the computation of its trainer, which is idle then', async () => {
  stack = await start(1);
  const runId = await startRun(stack, quickSpec({ pairs: ['eurusd'], preset: 'standard' }));
  let cancelled: Promise<unknown> | undefined;
  const { coordinator } = stack;
  await followRun(
    stack,
    runId,
    whenWorking('', () => {
      cancelled = callUnary(coordinator, coordinator.cancelRun, { runId, pair: '', reason: 'enough' });
    }),
  );
  await cancelled;
  await expect
    .poll(async () => (await stack.untilConnected(1)).trainers.map((trainer) => trainer.workingOn), {
      timeout: 15_000,
    })
    .toEqual(['']);
  expect((await readRun(stack, runId)).state).toBe(RunState.RUN_STATE_CANCELLED);
});

test('a trainer that gets SIGTERM ends its task or hands it back; a second signal ends it at once', async () => {
  stack = await start(2);
  const [first, second] = stack.trainers;
  const runId = await startRun(stack, quickSpec({ pairs: ['eurusd'], horizons: [15, 30, 45, 60] }));
  await followRun(
    stack,
    runId,
    whenWorking('trainer-1', () => first!.kill('SIGTERM')),
  );
  expect(await first!.exited).toBe('code 0');
  const run = await readRun(stack, runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  const rerun = await startRun(stack, undefined, runId);
  let forced: Promise<string> | undefined;
  const watching = followRun(
    stack,
    rerun,
    whenWorking('trainer-2', () => {
      second!.kill('SIGTERM');
      setTimeout(() => second!.kill('SIGTERM'), 100);
      forced = second!.exited;
      stack.addTrainer();
    }),
  );
  await watching;
  expect(await forced).toMatch(/code (130|0)/);
  expect(await fingerprint(stack, rerun)).toEqual(await fingerprint(stack, runId));
});

test('a pause for the approval of the rest after the pilot survives kill -9', async () => {
  stack = await start(2);
  const runId = await startRun(stack, quickSpec({ horizons: [15], pilotPair: 'usdjpy' }));
  const paused = await followRun(stack, runId);
  await stack.restartCoordinator();
  const waiting = await readRun(stack, runId);
  expect(waiting.state).toBe(RunState.RUN_STATE_AWAITING_PILOT_APPROVAL);
  expect((await stack.queryJobs()).map((job) => job.pair)).toEqual(['usdjpy']);
  const { planHash } = waiting.plan!;
  const approval = { runId, planHash, approvedBy: 'the test', automatic: false };
  await callUnary(stack.coordinator, stack.coordinator.approveRun, approval);
  await followRun(stack, runId, () => undefined, paused.events.at(-1)!.sequence);
  const run = await readRun(stack, runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map((task) => task.attempt)).toEqual([1, 1]);
});

test('three dead trainers quarantine a task, the run is PARTIAL, onescan resume finishes what is missing', async () => {
  stack = await Stack.start({
    warehouse: WAREHOUSE,
    trainers: 1,
    coordinatorFlags: ['--lease-ms', '2000', '--heartbeat-ms', '200'],
  });
  const runId = await startRun(stack, quickSpec({ pairs: ['eurusd'], horizons: [15, 45] }));
  const dead = new Set<string>();
  const { events } = await followRun(stack, runId, ({ event }) => {
    if (event?.$case !== 'task' || event.value.stage === '' || event.value.horizon !== 45) return;
    const { trainerId } = event.value;
    if (trainerId === '' || dead.has(trainerId) || dead.size === 3) return;
    dead.add(trainerId);
    stack.trainers[Number(trainerId.split('-')[1]) - 1]!.kill('SIGKILL');
    stack.addTrainer();
  });
  expect(dead.size).toBe(3);
  const partial = await readRun(stack, runId);
  expect(partial.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(partial.problems.join('\n')).toMatch(
    /eurusd h45: quarantined: LOST: trainer trainer-\d fell silent/,
  );
  const shown = await onescan(stack.home, '--coordinator', stack.coordinatorAddress, 'watch', runId);
  expect(shown.code).toBe(4);
  const done = (await fingerprint(stack, runId)).documents;
  const resumed = await onescan(stack.home, '--coordinator', stack.coordinatorAddress, 'resume', runId);
  // The effect that is planted in eurusd is suspicious.
  expect(resumed.code, resumed.stderr).toBe(6);
  const run = await readRun(stack, runId);
  expect(run.tasks.map((task) => task.attempt)).toEqual([1, 4]);
  expect((await fingerprint(stack, runId)).documents).toMatchObject(done);
  const added = await followRun(stack, runId, () => undefined, events.at(-1)!.sequence);
  const computed = added.events.flatMap(({ event }) =>
    event?.$case === 'task' ? [event.value.horizon] : [],
  );
  expect(new Set(computed)).toEqual(new Set([45]));
  expect(await stack.queryJobs()).toHaveLength(1);
});
