import { setTimeout as sleep } from 'node:timers/promises';
import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { ScriptedTrainer, type TrainerAct } from '../testing/scripted-trainer.js';
import { TestStack } from '../testing/test-stack.js';

/** Longer than any test: what ends a lease here is something else. */
const NEVER = 600_000;
const DAY = 86_400_000;
const ONE_TASK = { pairs: ['eurusd'], horizons: [15] };

let stack: TestStack;
afterEach(() => stack.close());

async function attempts(runId: string): Promise<number[]> {
  await stack.watch(runId);
  const run = await stack.getRun(runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  return run.tasks.map((task) => task.attempt);
}

/** Loses its first assignments on the way, breaking the stream each time. */
const losing = (times: number): TrainerAct => {
  let lost = 0;
  return (assign, trainer) => {
    if (++lost > times) return trainer.succeed(assign);
    trainer.neverGot(assign);
    trainer.break();
  };
};

test('assignments lost with their stream are given out again at once and count for nothing', async () => {
  stack = await TestStack.start({}, { leaseMs: NEVER, reconnectGraceMs: NEVER });
  stack.addTrainers(1, losing(4));
  expect(await attempts(await stack.startRun(ONE_TASK))).toEqual([5]);
});

test('an assignment stored but never delivered before a crash is given out again and counts for nothing', async () => {
  stack = await TestStack.start({}, { leaseMs: NEVER });
  const [trainer] = stack.addTrainers(1, (assign, self) => self.neverGot(assign));
  const runId = await stack.startRun(ONE_TASK);
  for (let restarts = 1; restarts <= 3; restarts++) {
    await expect.poll(() => trainer!.assigned.length).toBe(restarts);
    await stack.stopCoordinator();
    if (restarts === 3) trainer!.act = (assign, self) => self.succeed(assign);
    await stack.startCoordinator(trainer!.address);
    await expect.poll(() => connected().catch(() => 0)).toBe(1);
  }
  expect(await attempts(runId)).toEqual([4]);
});

test('a task that its process lost counts, after a restart too: it may be what killed it', async () => {
  stack = await TestStack.start({}, { leaseMs: NEVER });
  const start = (instanceId: string): ScriptedTrainer => {
    const trainer = new ScriptedTrainer(stack.address, { id: 't', instanceId, act: () => undefined });
    stack.trainers.push(trainer);
    return trainer;
  };
  const runId = await stack.startRun(ONE_TASK);
  for (const instance of ['one', 'two', 'three']) {
    const trainer = start(instance);
    await expect.poll(() => trainer.assigned.length).toBe(1);
    await stack.stopCoordinator();
    trainer.close();
    await stack.startCoordinator();
  }
  start('four');
  await stack.watch(runId);
  const [task] = (await stack.getRun(runId)).tasks;
  expect(task).toMatchObject({ state: TaskState.TASK_STATE_QUARANTINED, attempt: 3 });
  expect(task!.error).toMatch(/LOST: the process of trainer t that had it is gone/);
});

test('a stream that breaks and comes back keeps its task', async () => {
  stack = await TestStack.start({}, { leaseMs: NEVER, reconnectGraceMs: 5_000 });
  const [trainer] = stack.addTrainers(1, () => undefined);
  stack.addTrainers(1);
  const runId = await stack.startRun(ONE_TASK);
  await expect.poll(() => trainer!.assigned.length).toBe(1);
  trainer!.break();
  await expect.poll(() => trainer!.ends).toHaveLength(1);
  await expect.poll(connected).toBe(2);
  trainer!.succeed(trainer!.assigned[0]!);
  expect(await attempts(runId)).toEqual([1]);
});

test('a stream that stays away loses its task after the grace; its late result is refused', async () => {
  stack = await TestStack.start({}, { leaseMs: NEVER, reconnectGraceMs: 100 });
  const [gone] = stack.addTrainers(1, () => undefined);
  const runId = await stack.startRun(ONE_TASK);
  await expect.poll(() => gone!.assigned.length).toBe(1);
  gone!.close();
  stack.addTrainers(1);
  expect(await attempts(runId)).toEqual([2]);
  const late = new ScriptedTrainer(stack.address, { id: gone!.id });
  stack.trainers.push(late);
  late.succeed(gone!.assigned[0]!);
  await expect.poll(() => late.acks).toMatchObject([{ accepted: false }]);
  expect(late.acks[0]!.reason).toMatch(/attempt 1 no longer holds the lease/);
});

test('a trainer that takes leave frees its task at once', async () => {
  stack = await TestStack.start({}, { leaseMs: NEVER, reconnectGraceMs: NEVER });
  const [leaving] = stack.addTrainers(1, (_, self) => self.leave());
  const runId = await stack.startRun(ONE_TASK);
  await expect.poll(() => leaving!.assigned.length).toBe(1);
  stack.addTrainers(1);
  expect(await attempts(runId)).toEqual([2]);
});

test('a clock that jumps, while it runs or between two starts, loses nothing and keeps the order of runs', async () => {
  let wall = 1_800_000_000_000;
  stack = await TestStack.start({}, { leaseMs: 1_500 });
  await stack.stopCoordinator();
  stack.clocks = { wall: () => wall, monotonic: () => performance.now() };
  await stack.startCoordinator();
  const [trainer] = stack.addTrainers(1, () => undefined);
  const first = await stack.startRun({ pairs: ['eurusd'], horizons: [15, 45] });
  await expect.poll(() => trainer!.assigned.length).toBe(1);
  for (const jump of [30 * DAY, -60 * DAY]) {
    wall += jump;
    // Some heartbeats and checks of the leases.
    await sleep(500);
  }
  await stack.stopCoordinator();
  wall -= 300 * DAY;
  await stack.startCoordinator(trainer!.address);
  await expect.poll(connected).toBe(1);
  trainer!.act = (assign, self) => self.succeed(assign);
  trainer!.succeed(trainer!.assigned[0]!);
  expect(await attempts(first)).toEqual([1, 1]);
  const second = await stack.startRun(ONE_TASK);
  expect(await attempts(second)).toEqual([1]);
  const { runs } = await callUnary(stack.client, stack.client.listRuns, {});
  expect(runs.map(({ runId }) => runId)).toEqual([second, first]);
  const { createdAt, endedAt, pairs } = await stack.getRun(first);
  expect(endedAt!.seconds).toBeGreaterThanOrEqual(createdAt!.seconds);
  expect(pairs[0]!.fetchSeconds).toBeGreaterThanOrEqual(0);
});

async function connected(): Promise<number> {
  return (await callUnary(stack.client, stack.client.listTrainers, {})).trainers.length;
}
