import { readFileSync } from 'node:fs';
import { type Run, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Statement } from '@onescan/contract/generated/onescan/v1/plan.js';
import { ApprovalMode } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { renderReport } from './report/render-report.js';
import { PAIR_BYTES, PAIR_USD } from './testing/scripted-fetcher.js';
import { TestStack } from './testing/test-stack.js';

const PAIRS = ['eurusd', 'gbpusd', 'usdjpy'];

let stack: TestStack;
afterEach(() => stack.close());

const codesOf = (run: Run): string[] => run.problemReasons.map(({ code }) => code);

async function finish(runId: string): Promise<Run> {
  await stack.watch(runId);
  return stack.getRun(runId);
}

function approve(runId: string, planHash: string, automatic = false) {
  const approval = { runId, planHash, approvedBy: 'the chief', automatic };
  return callUnary(stack.client, stack.client.approveRun, approval);
}

test('a run that was billed more than approved stops asking, says so, and goes on after a new approval', async () => {
  const billedBytes = new Map([['eurusd', PAIR_BYTES + 1n]]);
  stack = await TestStack.start({ billedBytes });
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: PAIRS, horizons: [15] });
  const run = await finish(runId);
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  const error = expect.stringMatching(/only \d+ bytes are left/);
  expect(run.problemReasons).toMatchObject([{ code: 'tasks_unfinished', facts: { pair: 'usdjpy', error } }]);
  expect(run).toMatchObject({ statementsRun: 2, bytesBilled: 2n * PAIR_BYTES + 1n });
  expect(run.pairs.flatMap(({ jobs }) => jobs).map(({ jobId, bytesBilled }) => [jobId, bytesBilled])).toEqual(
    [
      ['job-eurusd', PAIR_BYTES + 1n],
      ['job-gbpusd', PAIR_BYTES],
    ],
  );

  const resumed = await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(codesOf(resumed)).toEqual(['approval_used_up']);
  expect(resumed.plan).toMatchObject({ usd: PAIR_USD, alreadyBilledBytes: 2n * PAIR_BYTES + 1n });
  await expect(approve(runId, run.plan!.planHash)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  expect(stack.fetcher.jobs).toHaveLength(2);
  await approve(runId, resumed.plan!.planHash);
  const whole = await finish(runId);
  expect(whole.state, whole.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(whole.approvals.map(({ what, bytes, automatic }) => [what, bytes, automatic])).toEqual([
    ['plan', 3n * PAIR_BYTES, true],
    ['plan', 3n * PAIR_BYTES + 1n, false],
  ]);
  await stack.stopCoordinator();
  await stack.startCoordinator();
  const { approvals, pairs } = await stack.getRun(runId);
  expect(approvals).toEqual(whole.approvals);
  expect(pairs.map(({ jobs }) => jobs.length)).toEqual([1, 1, 1]);
});

/** A run whose first two pairs were paid for and then failed, approved once; the third is not asked for. */
async function runPaidForInVain(): Promise<string> {
  const failures = new Map<string, OnescanError>();
  stack = await TestStack.start({ failures });
  stack.addTrainers(1);
  const pairs = PAIRS.slice(0, 2);
  const runId = await stack.startRun({
    pairs,
    horizons: [15],
    approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL,
  });
  const { plan } = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  for (const { pair, datasetId, statements } of plan!.pairs) {
    const [{ sqlSha256 }] = statements as [Statement];
    const job = { runId, pair, datasetId, sqlSha256, jobId: `job-${pair}`, bytesBilled: PAIR_BYTES };
    stack.fetcher.jobs.push(QueryJob.create(job));
    failures.set(pair, new OnescanError('RESOURCE_EXHAUSTED', 'the disk is full'));
  }
  await approve(runId, plan!.planHash);
  expect((await finish(runId)).state).toBe(RunState.RUN_STATE_FAILED);
  failures.clear();
  return runId;
}

/** Resumes a run and waits until it has been planned again. */
async function resumeTo(runId: string, state: keyof typeof RunState): Promise<Run> {
  await callUnary(stack.client, stack.client.resumeRun, { runId });
  await expect.poll(async () => RunState[(await stack.getRun(runId)).state]).toBe(state);
  return stack.getRun(runId);
}

test('what was paid for and can be read again needs no other approval', async () => {
  const runId = await runPaidForInVain();
  for (const job of stack.fetcher.jobs) job.repeatable = true;
  await callUnary(stack.client, stack.client.resumeRun, { runId });
  const whole = await finish(runId);
  expect(whole.state, whole.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(whole).toMatchObject({ statementsRun: 2, bytesBilled: 2n * PAIR_BYTES });
  expect(whole.approvals).toHaveLength(1);
});

test('what was paid for and is gone needs another, and a cancelled wait for it is no approval', async () => {
  const runId = await runPaidForInVain();
  stack.fetcher.jobs[0]!.repeatable = true;
  const waiting = await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(waiting.plan).toMatchObject({
    bytes: PAIR_BYTES,
    usd: PAIR_USD,
    alreadyBilledBytes: 2n * PAIR_BYTES,
  });
  const fetches = stack.fetcher.fetches.length;
  await callUnary(stack.client, stack.client.cancelRun, { runId, pair: '', reason: 'not for more' });
  const again = await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(stack.fetcher.fetches).toHaveLength(fetches);
  await approve(runId, again.plan!.planHash);
  const whole = await finish(runId);
  expect(whole.state, whole.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(whole).toMatchObject({ statementsRun: 3, bytesBilled: 3n * PAIR_BYTES });
});

test('a warehouse that changed is planned again, for what is missing alone, and needs another approval', async () => {
  const changed = new Set<string>();
  stack = await TestStack.start({ changed });
  stack.addTrainers(1);
  const manual = ApprovalMode.APPROVAL_MODE_MANUAL;
  const runId = await stack.startRun({ pairs: PAIRS, horizons: [15], approvalMode: manual });
  const { plan } = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  changed.add('gbpusd');
  await approve(runId, plan!.planHash);
  expect((await finish(runId)).state).toBe(RunState.RUN_STATE_PARTIAL);
  const estimates = stack.fetcher.estimates.length;

  const waiting = await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(stack.fetcher.estimates.slice(estimates)).toEqual(['gbpusd']);
  expect(waiting.problemReasons).toEqual([{ code: 'warehouse_changed', facts: { pairs: ['gbpusd'] } }]);
  expect(waiting.plan).toMatchObject({ bytes: PAIR_BYTES, alreadyBilledBytes: 2n * PAIR_BYTES });
  await callUnary(stack.client, stack.client.cancelRun, { runId, pair: '', reason: 'later' });
  const again = await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(again.plan!.planHash).toBe(waiting.plan!.planHash);
  await approve(runId, again.plan!.planHash);
  const whole = await finish(runId);
  expect(whole.state, whole.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(whole).toMatchObject({ statementsRun: 3, bytesBilled: 3n * PAIR_BYTES });
  expect(whole.pairs.map(({ dataset }) => dataset?.datasetId)).toEqual(
    whole.plan!.pairs.map(({ datasetId }) => datasetId),
  );
});

test('a run that cannot be planned again keeps what it has and can be resumed later', async () => {
  const changed = new Set<string>();
  stack = await TestStack.start({ changed });
  stack.addTrainers(1);
  const manual = ApprovalMode.APPROVAL_MODE_MANUAL;
  const runId = await stack.startRun({ pairs: PAIRS.slice(0, 2), horizons: [15], approvalMode: manual });
  const { plan } = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  changed.add('gbpusd');
  await approve(runId, plan!.planHash);
  await finish(runId);
  stack.fetcher.script.estimateError = new OnescanError('FAILED_PRECONDITION', 'a dataset is gone');
  const unplanned = await resumeTo(runId, 'RUN_STATE_PARTIAL');
  expect(unplanned.problemReasons).toMatchObject([
    { code: 'planning_failed', facts: { words: expect.stringContaining('a dataset is gone') } },
  ]);
  expect(unplanned.tasks.map(({ state }) => TaskState[state])).toEqual([
    'TASK_STATE_DONE',
    'TASK_STATE_FAILED',
  ]);
  delete stack.fetcher.script.estimateError;
  await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
});

test('a job of unknown billing counts with its bound', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const spec = { pairs: ['eurusd'], horizons: [15], approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL };
  const runId = await stack.startRun(spec);
  const { plan } = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  const job = { runId, pair: 'eurusd', billingUnknown: true, maximumBytesBilled: 7n };
  stack.fetcher.jobs.push(QueryJob.create(job));
  await approve(runId, plan!.planHash);
  expect((await finish(runId)).state).toBe(RunState.RUN_STATE_FAILED);
  expect(stack.fetcher.fetches.at(-1)!.remainingBytes).toBe(PAIR_BYTES - 7n);
});

test('a bill that is not known when the run ends is learned later, also after a restart, and the report says it', async () => {
  stack = await TestStack.start({ unknownBills: true }, {}, { renderReport });
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  const run = await finish(runId);
  expect(run).toMatchObject({ bytesBilled: 0n, pairs: [{ jobs: [{ billingUnknown: true }] }] });
  const report = (): string => readFileSync(run.reportPath, 'utf8');
  expect(report().includes('20.0 GiB')).toBe(false);
  const bytesBilled = PAIR_BYTES / 2n;
  Object.assign(stack.fetcher.jobs[0]!, { billingUnknown: false, bytesBilled, usd: PAIR_USD / 2 });
  await stack.stopCoordinator();
  await stack.startCoordinator();
  await expect.poll(async () => (await stack.getRun(runId)).bytesBilled).toBe(bytesBilled);
  expect(await stack.getRun(runId)).toMatchObject({ state: run.state, usdBilled: PAIR_USD / 2 });
  await expect.poll(() => report().includes('20.0 GiB')).toBe(true);
});

test('above its limit nothing is approved without a person', async () => {
  stack = await TestStack.start({}, { autoApproveUsd: 0.5 });
  const runId = await stack.startRun({ pairs: PAIRS, horizons: [15] });
  const { plan, problemReasons } = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(problemReasons).toMatchObject([{ code: 'needs_a_person', facts: { usd: 0.75, limitUsd: 0.5 } }]);
  await expect(approve(runId, plan!.planHash, true)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    details: { usd: 0.75, autoApproveUsd: 0.5, budgetUsd: 50 },
  });
  expect(stack.fetcher.fetches).toEqual([]);
  stack.addTrainers(1);
  await approve(runId, plan!.planHash);
  expect((await finish(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
});

test('what follows a pilot is never approved without a person', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: PAIRS, horizons: [15], pilotPair: 'eurusd' });
  const { plan } = await stack.reach(runId, 'RUN_STATE_AWAITING_PILOT_APPROVAL');
  await expect(approve(runId, plan!.planHash, true)).rejects.toThrow('needs a person');
});

test('a pair whose statement could not be run is planned with more, which waits for approval; others go on', async () => {
  const failures = new Map([['eurusd', new OnescanError('FAILED_PRECONDITION', 'out of resources')]]);
  const statements = new Map<string, number>();
  stack = await TestStack.start({ failures, statements });
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: PAIRS, horizons: [15] });
  const run = await finish(runId);
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(run.pairs.filter(({ dataset }) => dataset).map(({ pair }) => pair)).toEqual(['gbpusd', 'usdjpy']);

  failures.clear();
  statements.set('eurusd', 2);
  const resumed = await resumeTo(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(resumed.problemReasons).toEqual([
    { code: 'other_statements', facts: { changed: [{ pair: 'eurusd', statements: 2, approved: 1 }] } },
  ]);
  expect(resumed.plan!.planHash).not.toBe(run.plan!.planHash);
  const sqlSha256 = resumed.plan!.pairs[0]!.statements.map((statement) => statement.sqlSha256);
  expect(sqlSha256).toHaveLength(2);
  await expect(approve(runId, run.plan!.planHash)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await approve(runId, resumed.plan!.planHash);
  expect((await finish(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
  const last = stack.fetcher.fetches.at(-1)!;
  expect(last).toMatchObject({ pair: 'eurusd', approvedStatements: { sqlSha256, sharedSqlSha256: [] } });
  expect(last.maximumBytesBilled).toHaveLength(2);
});
