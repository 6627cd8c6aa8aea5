import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type Assign, FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { afterEach, expect, test } from 'vitest';
import { ScriptedTrainer, type TrainerAct } from './testing/scripted-trainer.js';
import { TestStack } from './testing/test-stack.js';

const EIGHT = ['eurusd', 'gbpusd', 'usdjpy', 'usdchf', 'audusd', 'usdcad', 'nzdusd', 'eurgbp'];
const PAIRS = ['eurusd', 'gbpusd', 'usdjpy'];

let stack: TestStack;

afterEach(() => stack.close());

test('eight trainers each take a pair, load it once, and never more than allowed work', async () => {
  stack = await TestStack.start({}, { fetchAhead: 8 });
  let busy = 0;
  let most = 0;
  stack.addTrainers(10, async (assign, trainer) => {
    most = Math.max(most, ++busy);
    await new Promise((resolve) => setTimeout(resolve, 40));
    busy--;
    trainer.succeed(assign);
  });
  const run = await stack.complete({ pairs: EIGHT, horizons: [15, 30] });
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.workersUsed).toBeGreaterThanOrEqual(4);
  expect(run.workersUsed).toBeLessThanOrEqual(8);
  expect(most).toBeLessThanOrEqual(8);
  const hashes = stack.trainers.flatMap((trainer) => trainer.assigned.map((assign) => assign.specHash));
  expect(new Set(hashes).size).toBe(16);
  const limited = await stack.complete({ pairs: EIGHT.slice(0, 3), horizons: [15], maxWorkers: 2 });
  expect(limited.workersUsed).toBeLessThanOrEqual(2);
});

test.each([
  ['the fetcher', undefined],
  ['an address of their own', 'datasets.internal:7404'],
])('trainers get datasets from %s', async (_, datasets) => {
  stack = await TestStack.start({}, datasets === undefined ? {} : { datasets });
  const [trainer] = stack.addTrainers(1);
  await stack.complete({ pairs: ['eurusd'], horizons: [15] });
  expect(trainer!.assigned[0]!.fetcherAddress).toBe(datasets ?? stack.fetcher.address);
});

test('two active runs share the trainers evenly, and the second does not wait for the first', async () => {
  stack = await TestStack.start({}, { fetchAhead: 4, leaseMs: 60_000 });
  const horizons = [15, 30, 45];
  const tasks = { first: 9, second: 6 };
  const first = await stack.startRun({ pairs: PAIRS, horizons });
  const second = await stack.startRun({ pairs: EIGHT.slice(3, 5), horizons });
  const ready = async (runId: string): Promise<number> =>
    (await stack.getRun(runId)).tasks.filter((task) => task.state === TaskState.TASK_STATE_READY).length;
  await expect
    .poll(async () => [await ready(first), await ready(second)], { timeout: 20_000 })
    .toEqual([9, 6]);
  const held: { trainer: ScriptedTrainer; assign: Assign }[] = [];
  stack.addTrainers(2, (assign, trainer) => void held.push({ trainer, assign }));
  for (let left = tasks.first + tasks.second; left > 0; left--) {
    await expect.poll(() => held.length).toBe(Math.min(2, left));
    const runs = new Set(held.map(({ assign }) => assign.task!.runId));
    // The second run's 6 tasks and 6 of the first are done side by side; then the first has both trainers.
    if (left > tasks.first + tasks.second - 11) expect(runs).toEqual(new Set([first, second]));
    const { trainer, assign } = held.splice(left % 2 === 0 ? 0 : held.length - 1, 1)[0]!;
    trainer.succeed(assign);
  }
  for (const runId of [first, second]) {
    await stack.watch(runId);
    expect((await stack.getRun(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
  }
});

test('fetching runs ahead of a slow trainer by so many datasets and no more', async () => {
  stack = await TestStack.start({}, { fetchAhead: 3 });
  let release = (): void => undefined;
  const taken: string[] = [];
  stack.addTrainers(1, async (assign, self) => {
    const { pair } = assign.task!;
    if (!taken.includes(pair)) taken.push(pair);
    // The first pair is held until nothing more is fetched.
    if (taken.length === 1) await new Promise<void>((resolve) => (release = resolve));
    expect(stack.fetcher.fetches.length).toBeLessThanOrEqual(taken.length + 3);
    self.succeed(assign);
  });
  const runId = await stack.startRun({ pairs: EIGHT, horizons: [15] });
  await expect.poll(() => stack.fetcher.fetches.length).toBe(4);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(stack.fetcher.fetches).toHaveLength(4);
  release();
  await stack.watch(runId);
  expect((await stack.getRun(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(stack.fetcher.fetches).toHaveLength(8);
});

/** Refuses by its arithmetic, as a trainer of so little memory does. */
const REFUSE: TrainerAct = (assign, trainer) =>
  trainer.fail(assign, FailureKind.FAILURE_KIND_DOES_NOT_FIT, 'needs 9 GiB');

test('what does not fit is given to a trainer with more memory, and otherwise not tried again', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1, REFUSE);
  const spec = { pairs: ['eurusd'], horizons: [15] };
  const refused = await stack.complete(spec);
  expect(refused.tasks).toMatchObject([
    { state: TaskState.TASK_STATE_FAILED, attempt: 1, error: 'DOES_NOT_FIT: needs 9 GiB' },
  ]);
  expect(stack.trainers[0]!.assigned).toHaveLength(1);
  const roomy = new ScriptedTrainer(stack.address, {
    id: 'roomy',
    memoryLimitBytes: 16n << 30n,
    act: (assign, trainer) => trainer.succeed(assign),
  });
  stack.trainers.push(roomy);
  const run = await stack.complete({ ...spec, pairs: PAIRS });
  expect(run.state, run.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
});
