import { AttemptOutcome, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { LedgerRow } from '@onescan/contract/generated/onescan/v1/result.js';
import { FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { resultOf } from './testing/sample-document.js';
import { datasetIdOf, FEATURES, PAIR_BYTES, PAIR_USD } from './testing/scripted-fetcher.js';
import { ScriptedTrainer } from './testing/scripted-trainer.js';
import { TestStack } from './testing/test-stack.js';

const PAIRS = ['eurusd', 'gbpusd', 'usdjpy'];
const HORIZONS = [15, 45];

let stack: TestStack;

afterEach(() => stack.close());

const unfinished = (pair: string, horizons: number[], state: string, error: unknown) => ({
  code: 'tasks_unfinished',
  facts: { pair, horizons, state, error },
});

test('a run goes from spec to results, ledger and events without gaps', async () => {
  stack = await TestStack.start();
  stack.addTrainers(2);
  const runId = await stack.startRun({ pairs: PAIRS, horizons: HORIZONS });
  const events = await stack.watch(runId);
  const run = await stack.getRun(runId);
  expect(run.problems).toEqual([]);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map((task) => [task.pair, task.horizon])).toEqual(
    PAIRS.flatMap((pair) => HORIZONS.map((horizon) => [pair, horizon])),
  );
  expect(run.tasks.every((task) => task.state === TaskState.TASK_STATE_DONE && task.attempt === 1)).toBe(
    true,
  );
  expect(run).toMatchObject({
    statementsRun: 3,
    bytesBilled: 3n * PAIR_BYTES,
    usdBilled: 3 * PAIR_USD,
    ledgerRows: BigInt(PAIRS.length * HORIZONS.length * FEATURES.length),
    approvedBy: 'the budget',
  });
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, i) => i + 1));
  expect(events.at(-1)?.event).toMatchObject({ $case: 'runState', value: { state: run.state } });
  expect(events.at(-2)?.event).toMatchObject({ $case: 'progress', value: { tasksDone: 6, tasksTotal: 6 } });
  const rows: LedgerRow[] = [];
  const ledger = callServerStream(stack.client, stack.client.getLedger, {
    runId,
    pair: 'gbpusd',
    horizon: 0,
  });
  for await (const part of ledger) rows.push(...part.rows);
  expect(rows.map((row) => row.featureId)).toEqual([...FEATURES, ...FEATURES]);
});

test('a crash is tried again under a new attempt that links to the failed one; bad data is not', async () => {
  stack = await TestStack.start();
  const [trainer] = stack.addTrainers(1, (assign, self) => {
    const { horizon, attempt } = assign.task!;
    if (horizon === 15 && attempt === 1) self.fail(assign, FailureKind.FAILURE_KIND_CRASH);
    else if (horizon === 30) self.fail(assign, FailureKind.FAILURE_KIND_BAD_DATA, 'target is constant');
    else self.succeed(assign);
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15, 30, 45] });
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.problemReasons).toEqual([unfinished('eurusd', [30], 'failed', 'BAD_DATA: target is constant')]);
  expect(run.tasks.map((task) => task.attempt)).toEqual([2, 1, 1]);
  const ends = run.tasks.map(({ attempts }) =>
    attempts.map(({ attempt, outcome, trainerId }) => [
      attempt,
      AttemptOutcome[outcome]!.slice(16),
      trainerId,
    ]),
  );
  const { id } = trainer!;
  expect(ends).toEqual([
    [
      [1, 'CRASH', id],
      [2, 'DONE', id],
    ],
    [[1, 'BAD_DATA', id]],
    [[1, 'DONE', id]],
  ]);
  for (const { startedAt, endedAt } of run.tasks.flatMap(({ attempts }) => attempts)) {
    const [start, end] = [startedAt!, endedAt!].map(({ seconds, nanos }) => Number(seconds) * 1e9 + nanos);
    expect(end).toBeGreaterThanOrEqual(start!);
  }
  expect(trainer!.assigned.filter((assign) => assign.task!.horizon === 30)).toHaveLength(1);
});

test('out of memory is retried once, three crashes quarantine, handed back work is not counted', async () => {
  stack = await TestStack.start();
  const handedBack = new Set<string>();
  stack.addTrainers(2, (assign, self) => {
    const { horizon, attempt } = assign.task!;
    if (horizon === 15) self.fail(assign, FailureKind.FAILURE_KIND_OUT_OF_MEMORY, `attempt ${attempt}`);
    else if (horizon === 30) self.fail(assign, FailureKind.FAILURE_KIND_CRASH, `attempt ${attempt}`);
    else if (!handedBack.has(self.id)) {
      handedBack.add(self.id);
      self.fail(assign, FailureKind.FAILURE_KIND_HANDED_BACK);
    } else self.succeed(assign);
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15, 30, 45] });
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.tasks.map((task) => task.state)).toEqual([
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_QUARANTINED,
    TaskState.TASK_STATE_DONE,
  ]);
  expect(run.tasks.map((task) => task.attempt).slice(0, 2)).toEqual([2, 3]);
  expect(run.problems).toHaveLength(2);
});

test('a silent trainer loses its task, and what it sends later is refused', async () => {
  stack = await TestStack.start();
  const [silent] = stack.addTrainers(1, (_assign, self) => self.fallSilent());
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  await stack.watch(
    runId,
    ({ event }) => event?.$case === 'task' && event.value.state === TaskState.TASK_STATE_LEASED,
  );
  const [second] = stack.addTrainers(1);
  await stack.watch(runId);
  expect(second!.assigned[0]!.task).toMatchObject({ attempt: 2 });
  await expect.poll(() => silent!.ends.join()).toContain('no heartbeat within the lease');
  const late = new ScriptedTrainer(stack.address, { id: silent!.id, act: () => undefined });
  stack.trainers.push(late);
  const old = silent!.assigned[0]!;
  late.send({ $case: 'result', value: resultOf(old, late.id) });
  await expect.poll(() => late.acks).toHaveLength(1);
  expect(late.acks[0]).toMatchObject({ accepted: false, task: { attempt: 1 } });
  expect(late.acks[0]!.reason).toContain('no longer holds the lease');
});

test('a result sent twice is stored once; a damaged result is an attempt that failed', async () => {
  stack = await TestStack.start();
  const [trainer] = stack.addTrainers(1, (assign, self) => {
    if (assign.task!.horizon === 15) {
      self.succeed(assign);
      self.send({ $case: 'result', value: resultOf(assign, self.id) });
      return;
    }
    const damaged = assign.task!.attempt === 1;
    self.succeed(assign, (sent) =>
      damaged ? { ...sent, result: { ...sent.result!, documentSha256: 'f'.repeat(64) } } : sent,
    );
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15, 30] });
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.ledgerRows).toBe(BigInt(2 * FEATURES.length));
  const answers = trainer!.acks.map((ack) => [ack.task!.horizon, ack.task!.attempt, ack.accepted]);
  expect(answers).toEqual([
    [15, 1, true],
    [15, 1, true],
    [30, 1, false],
    [30, 2, true],
  ]);
});

test('a rerun trains on the same datasets with another preset and asks the warehouse nothing', async () => {
  stack = await TestStack.start();
  stack.addTrainers(2);
  const first = await stack.complete({ pairs: PAIRS, horizons: HORIZONS, preset: 'quick' });
  const estimates = stack.fetcher.jobs.length;
  const runId = await stack.startRun({ preset: 'standard' }, first.runId);
  await stack.watch(runId);
  const rerun = await stack.getRun(runId);
  expect(rerun).toMatchObject({
    state: RunState.RUN_STATE_COMPLETED,
    statementsRun: 0,
    usdBilled: 0,
    rerunOf: first.runId,
  });
  expect(rerun.spec).toMatchObject({ preset: 'standard', pairs: PAIRS });
  expect(rerun.plan!.planHash).toBe(first.plan!.planHash);
  expect(stack.fetcher.jobs).toHaveLength(estimates);
  expect(stack.fetcher.fetches.slice(3).every((fetch) => fetch.cachedOnly)).toBe(true);
  await expect(stack.startRun({ pairs: ['audnzd'] }, first.runId)).rejects.toThrow(
    'pairs: the earlier run has no "audnzd"',
  );
});

test('cancelling a pair leaves the others; cancelling a run stops trainers; both can be resumed', async () => {
  stack = await TestStack.start({}, { fetchAhead: 3 });
  let hold = true;
  const [trainer] = stack.addTrainers(1, (assign, self) => {
    if (!hold || assign.task!.pair !== 'eurusd') self.succeed(assign);
  });
  const runId = await stack.startRun({ pairs: PAIRS, horizons: [15] });
  await expect.poll(() => trainer!.assigned.length).toBe(1);
  const { client } = stack;
  await callUnary(client, client.cancelRun, { runId, pair: 'usdjpy', reason: 'not needed' });
  await callUnary(client, client.cancelRun, { runId, pair: 'eurusd', reason: '' });
  await expect.poll(() => trainer!.cancels).toHaveLength(1);
  trainer!.fail(trainer!.assigned[0]!, FailureKind.FAILURE_KIND_CANCELLED);
  await stack.watch(runId);
  const run = await stack.getRun(runId);
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.problemReasons).toEqual([
    unfinished('eurusd', [15], 'cancelled', expect.any(String)),
    unfinished('usdjpy', [15], 'cancelled', expect.stringContaining('not needed')),
  ]);
  hold = false;
  await callUnary(client, client.resumeRun, { runId });
  const events = await stack.watch(runId);
  expect((await stack.getRun(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, i) => i + 1));
  expect((await stack.getRun(runId)).statementsRun).toBe(3);
});

test('cancelling a run while it fetches ends the fetch; what it was billed is kept', async () => {
  let reached = false;
  stack = await TestStack.start({
    beforeDataset: () => {
      reached = true;
      return new Promise(() => undefined);
    },
  });
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  await expect.poll(() => reached).toBe(true);
  stack.fetcher.jobs.push(QueryJob.create({ runId, pair: 'eurusd', bytesBilled: PAIR_BYTES, usd: PAIR_USD }));
  const { client } = stack;
  const { run } = await callUnary(client, client.cancelRun, { runId, pair: '', reason: 'too slow' });
  expect(run!.state).toBe(RunState.RUN_STATE_CANCELLED);
  expect(run!.problemReasons).toEqual([{ code: 'run_cancelled', facts: { why: 'too slow' } }]);
  expect(run!.tasks[0]!.state).toBe(TaskState.TASK_STATE_CANCELLED);
  await expect.poll(async () => (await stack.getRun(runId)).usdBilled).toBe(PAIR_USD);
  expect(stack.fetcher.cancelled).toEqual([datasetIdOf('eurusd')]);
});

test('bad specs are refused before any work', async () => {
  stack = await TestStack.start();
  await expect(stack.startRun({ pairs: ['eurxyz'] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(stack.startRun({ horizons: [0] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(stack.startRun({ preset: 'fast' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(stack.startRun({ overrides: { 'select.nonsense': '1' } })).rejects.toThrow('select.nonsense');
  await expect(stack.getRun('none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a dataset that cannot be had fails its tasks and the run says why', async () => {
  const failures = new Map([['gbpusd', new OnescanError('DATA_LOSS', 'rows out differ from rows sampled')]]);
  stack = await TestStack.start({ failures });
  stack.addTrainers(2);
  const run = await stack.complete({ pairs: PAIRS, horizons: HORIZONS });
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.problemReasons).toEqual([
    unfinished('gbpusd', [15, 45], 'failed', expect.stringContaining('rows out differ from rows sampled')),
  ]);
});

test('a ledger that does not cover the universe is no result, whoever sends it', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1, (assign, self) =>
    self.succeed(assign, (sent) => ({
      ...sent,
      result: { ...sent.result!, ledger: sent.result!.ledger.slice(1) },
    })),
  );
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15] });
  expect(run.state).toBe(RunState.RUN_STATE_FAILED);
  expect(run.tasks[0]).toMatchObject({ state: TaskState.TASK_STATE_QUARANTINED, attempt: 3 });
  expect(run.problemReasons).toEqual([
    unfinished('eurusd', [15], 'quarantined', expect.stringMatching(/refused: .* 3 rows, .* 4/)),
  ]);
});
