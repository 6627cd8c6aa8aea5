import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RunState, TaskState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { QueryJob } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import type { LedgerRow } from '@onescan/shared/generated/onescan/v1/result.js';
import { ApprovalMode } from '@onescan/shared/generated/onescan/v1/spec.js';
import { type Assign, FailureKind } from '@onescan/shared/generated/onescan/v1/trainer.js';
import { callServerStream, callUnary } from '@onescan/shared/grpc/client.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { afterEach, expect, test } from 'vitest';
import { datasetIdOf, FEATURES, PAIR_BYTES, PAIR_USD } from './testing/scripted-fetcher.js';
import { resultOf, ScriptedTrainer } from './testing/scripted-trainer.js';
import { TestStack } from './testing/test-stack.js';

const EIGHT = ['eurusd', 'gbpusd', 'usdjpy', 'usdchf', 'audusd', 'usdcad', 'nzdusd', 'eurgbp'];
const PAIRS = ['eurusd', 'gbpusd', 'usdjpy'];
const HORIZONS = [15, 45];

let stack: TestStack;

afterEach(() => stack.close());

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
  const run = await finish({ pairs: EIGHT, horizons: [15, 30] });
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.workersUsed).toBeGreaterThanOrEqual(4);
  expect(run.workersUsed).toBeLessThanOrEqual(8);
  expect(most).toBeLessThanOrEqual(8);
  const hashes = stack.trainers.flatMap((trainer) => trainer.assigned.map((assign) => assign.specHash));
  expect(new Set(hashes).size).toBe(16);
  const limited = await finish({ pairs: EIGHT.slice(0, 3), horizons: [15], maxWorkers: 2 });
  expect(limited.workersUsed).toBeLessThanOrEqual(2);
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

test('a crash is tried again under a new attempt that links to the failed one; bad data is not', async () => {
  stack = await TestStack.start();
  const [trainer] = stack.addTrainers(1, (assign, self) => {
    const { horizon, attempt } = assign.task!;
    if (horizon === 15 && attempt === 1) self.fail(assign, FailureKind.FAILURE_KIND_CRASH);
    else if (horizon === 30) self.fail(assign, FailureKind.FAILURE_KIND_BAD_DATA, 'target is constant');
    else self.succeed(assign);
  });
  const run = await finish({ pairs: ['eurusd'], horizons: [15, 30, 45] });
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.problems).toEqual(['eurusd h30: failed: BAD_DATA: target is constant']);
  expect(run.tasks.map((task) => task.attempt)).toEqual([2, 1, 1]);
  const retried = trainer!.assigned.find((assign) => assign.task!.attempt === 2)!;
  expect(retried.failedTraceparent).toContain('abababab');
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
  const run = await finish({ pairs: ['eurusd'], horizons: [15, 30, 45] });
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
  const run = await finish({ pairs: ['eurusd'], horizons: [15, 30] });
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

test('nothing is fetched before the plan hash is approved, and a wrong hash is refused', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const spec = { pairs: PAIRS, horizons: HORIZONS, approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL };
  const runId = await stack.startRun(spec);
  const waiting = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(stack.fetcher.fetches).toEqual([]);
  expect(waiting.plan).toMatchObject({ usd: 0.75, naiveStatements: 6, naiveBytes: 6n * PAIR_BYTES });
  await expect(approve(runId, 'f'.repeat(64))).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await approve(runId, waiting.plan!.planHash);
  await stack.watch(runId);
  expect(await stack.getRun(runId)).toMatchObject({
    state: RunState.RUN_STATE_COMPLETED,
    approvedBy: 'the chief',
  });
  expect(stack.fetcher.fetches.every((fetch) => fetch.planHash === waiting.plan!.planHash)).toBe(true);
  await expect(approve(runId, waiting.plan!.planHash)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
});

test('a plan over its budget waits and cannot be approved', async () => {
  stack = await TestStack.start();
  const runId = await stack.startRun({ pairs: PAIRS, horizons: HORIZONS, budgetUsd: 0.7 });
  const run = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(run.problems).toEqual(['the estimate of $0.75 is over the budget of $0.70']);
  await expect(approve(runId, run.plan!.planHash)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    details: { usd: 0.75, budgetUsd: 0.7 },
  });
  expect(stack.fetcher.fetches).toEqual([]);
});

test('the pilot pair runs alone, its cost is told, the rest waits for approval', async () => {
  stack = await TestStack.start();
  stack.addTrainers(2);
  const runId = await stack.startRun({ pairs: PAIRS, horizons: HORIZONS, pilotPair: 'gbpusd' });
  const piloted = await stack.reach(runId, 'RUN_STATE_AWAITING_PILOT_APPROVAL');
  expect(stack.fetcher.fetches.map((fetch) => fetch.pair)).toEqual(['gbpusd']);
  const events = await stack.watch(runId, ({ event }) => event?.$case === 'note');
  const note = events.at(-1)?.event?.value;
  expect(note).toContain('pilot gbpusd: billed $0.25, estimated $0.25');
  expect(note).toContain('The 2 pairs left: estimated $0.50, times 1.00 billed of estimated = $0.50');
  expect(piloted.pilot).toMatchObject({ pairsLeft: 2, billedUsd: 0.25, restExpectedUsd: 0.5, workers: 2 });
  expect(piloted.pilot!.text).toContain(note);
  await approve(runId, piloted.plan!.planHash);
  await stack.watch(runId);
  expect((await stack.getRun(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
});

test('a rerun trains on the same datasets with another preset and asks the warehouse nothing', async () => {
  stack = await TestStack.start();
  stack.addTrainers(2);
  const first = await finish({ pairs: PAIRS, horizons: HORIZONS, preset: 'quick' });
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
  await expect(stack.startRun({ pairs: ['eurusd'] }, first.runId)).rejects.toThrow(
    'pairs: cannot be set in a rerun',
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
  expect(run.problems).toEqual(['eurusd h15: cancelled', 'usdjpy h15: cancelled: not needed']);
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
  expect(run).toMatchObject({ state: RunState.RUN_STATE_CANCELLED, problems: ['cancelled: too slow'] });
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
  const run = await finish({ pairs: PAIRS, horizons: HORIZONS });
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.problems).toEqual(['gbpusd h15 h45: failed: no dataset: rows out differ from rows sampled']);
});

test('a ledger that does not cover the universe makes the run partial', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1, (assign, self) =>
    self.succeed(assign, (sent) => ({
      ...sent,
      result: { ...sent.result!, ledger: sent.result!.ledger.slice(1) },
    })),
  );
  const run = await finish({ pairs: ['eurusd'], horizons: [15] });
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.problems).toEqual(['eurusd h15: the ledger has 3 rows of 3 features, the universe 4']);
});

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

async function finish(spec: Parameters<TestStack['startRun']>[0]) {
  const runId = await stack.startRun(spec);
  await stack.watch(runId);
  return stack.getRun(runId);
}

function approve(runId: string, planHash: string, automatic = false) {
  const approval = { runId, planHash, approvedBy: 'the chief', automatic };
  return callUnary(stack.client, stack.client.approveRun, approval);
}

test('SHAP values by row are stored before their result, and handed out', async () => {
  stack = await TestStack.start();
  const content = Buffer.from('PAR1 as if');
  stack.addTrainers(1, async (assign, self) => {
    const explanation = await self.handOver(assign, content);
    // The same bytes may come again: the first try may have been cut off after it was stored.
    await self.handOver(assign, content);
    self.succeed(assign, (message) => ({ ...message, result: { ...message.result!, explanation } }));
  });
  const run = await finish({ pairs: ['eurusd'], horizons: [15] });
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect((await explanationOf(run.runId, 15)).equals(content)).toBe(true);
  await expect(explanationOf(run.runId, 30)).rejects.toThrow('has no task eurusd h30');
});

test('a result whose SHAP values did not arrive, or arrived damaged, is refused; one without any has none', async () => {
  stack = await TestStack.start();
  const content = Buffer.from('PAR1 as if');
  const other = { sha256: 'ab'.repeat(32), bytes: BigInt(content.length) };
  const refusals: string[] = [];
  stack.addTrainers(1, async (assign, self) => {
    const { attempt, horizon } = assign.task!;
    if (horizon === 45) return self.succeed(assign);
    if (attempt === 1) {
      await self.handOver(assign, content, other).catch((error) => refusals.push(error.message));
      const late = { ...assign, task: { ...assign.task!, attempt: 9 } };
      await self.handOver(late, content).catch((error) => refusals.push(error.message));
      const missing = { ...other, sha256: 'cd'.repeat(32) };
      self.succeed(assign, (message) => ({
        ...message,
        result: { ...message.result!, explanation: missing },
      }));
      return;
    }
    const explanation = await self.handOver(assign, content);
    self.succeed(assign, (message) => ({ ...message, result: { ...message.result!, explanation } }));
  });
  const run = await finish({ pairs: ['eurusd'], horizons: [15, 45] });
  expect(refusals[0]).toMatch(/10 bytes arrived that are not the 10 bytes announced/);
  expect(refusals[1]).toMatch(/attempt 9 no longer holds the lease/);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map((task) => task.attempt)).toEqual([2, 1]);
  expect((await explanationOf(run.runId, 15)).equals(content)).toBe(true);
  expect(readdirSync(join(stack.stateDir, 'runs', run.runId, 'shap'))).toEqual(['eurusd_h15.parquet']);
  await expect(explanationOf(run.runId, 45)).rejects.toThrow('has no SHAP values by row');
});

async function explanationOf(runId: string, horizon: number): Promise<Buffer> {
  const request = { runId, pair: 'eurusd', horizon };
  const chunks: Buffer[] = [];
  for await (const part of callServerStream(stack.client, stack.client.getExplanation, request)) {
    chunks.push(part.chunk);
  }
  return Buffer.concat(chunks);
}
