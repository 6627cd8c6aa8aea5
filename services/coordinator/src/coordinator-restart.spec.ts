import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterEach, expect, test } from 'vitest';
import { ScriptedTrainer } from './testing/scripted-trainer.js';
import { TestStack } from './testing/test-stack.js';

const HORIZONS = [15, 45];

let stack: TestStack;

afterEach(() => stack.close());

test('after a restart the run goes on: nothing fetched twice, events without a gap', async () => {
  let deliver = (): void => undefined;
  const delivered = new Promise<void>((resolve) => {
    deliver = resolve;
  });
  stack = await TestStack.start({
    beforeDataset: (pair) => (pair === 'gbpusd' ? delivered : Promise.resolve()),
  });
  const [first] = stack.addTrainers(1, () => undefined);
  const runId = await stack.startRun({ pairs: ['eurusd', 'gbpusd'], horizons: HORIZONS });
  await expect.poll(() => first!.assigned.length).toBe(1);
  first!.close();
  await stack.stopCoordinator();
  deliver();
  await stack.startCoordinator();
  const [second] = stack.addTrainers(1);
  const events = await stack.watch(runId);
  const run = await stack.getRun(runId);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.statementsRun).toBe(2);
  expect(stack.fetcher.cancelled).toEqual([]);
  const attempts = second!.assigned.map((assign) => assign.task!.attempt);
  expect(attempts.sort()).toEqual([1, 1, 1, 2]);
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, i) => i + 1));
});

test('a trainer that comes back after a restart keeps its task and delivers it under the same attempt', async () => {
  stack = await TestStack.start({}, { leaseMs: 3_000 });
  const [busy, done] = stack.addTrainers(2, () => undefined);
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: HORIZONS });
  await expect.poll(() => [busy!, done!].map((trainer) => trainer.assigned.length)).toEqual([1, 1]);
  await stack.stopCoordinator();
  // One ends its task during the outage and sends it again when it is back, the other goes on.
  const [ended] = done!.assigned;
  done!.finishOffline(ended!);
  await stack.startCoordinator(busy!.address);
  await expect
    .poll(() => done!.acks, { timeout: 10_000 })
    .toEqual([{ task: ended!.task, accepted: true, reason: '' }]);
  // Longer than a lease: what keeps the task is that its trainer reports it.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  busy!.succeed(busy!.assigned[0]!);
  const events = await stack.watch(runId);
  const run = await stack.getRun(runId);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map((task) => task.attempt)).toEqual([1, 1]);
  expect([busy!, done!].flatMap((trainer) => trainer.assigned)).toHaveLength(2);
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, i) => i + 1));
});

test('a process that took over the id of another does not keep its task', async () => {
  stack = await TestStack.start({}, { leaseMs: 60_000 });
  const [first] = stack.addTrainers(1, () => undefined);
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  await expect.poll(() => first!.assigned.length).toBe(1);
  first!.close();
  const second = new ScriptedTrainer(stack.address, { id: first!.id, processId: 2 });
  stack.trainers.push(second);
  await stack.watch(runId);
  expect(second.assigned[0]!.task).toMatchObject({ attempt: 2 });
});
