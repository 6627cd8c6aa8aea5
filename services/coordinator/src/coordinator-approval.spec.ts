import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode } from '@onescan/contract/generated/onescan/v1/spec.js';
import { pilotText } from '@onescan/contract/reasons/pilot-text.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { PAIR_BYTES } from './testing/scripted-fetcher.js';
import { TestStack } from './testing/test-stack.js';

const PAIRS = ['eurusd', 'gbpusd', 'usdjpy'];
const HORIZONS = [15, 45];

let stack: TestStack;

afterEach(() => stack.close());

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
  // The answer may have been lost.
  expect((await approve(runId, waiting.plan!.planHash)).run!.approvals).toHaveLength(1);
  await expect(approve(runId, 'another')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
});

test('a plan over its budget waits and cannot be approved', async () => {
  stack = await TestStack.start();
  const runId = await stack.startRun({ pairs: PAIRS, horizons: HORIZONS, budgetUsd: 0.7 });
  const run = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
  expect(run.problemReasons).toEqual([
    { code: 'over_budget', facts: { usd: 0.75, billedUsd: 0, planningUsd: 0, budgetUsd: 0.7 } },
  ]);
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
  expect(piloted.pilot).toMatchObject({ pairsLeft: 2, billedUsd: 0.25, restExpectedUsd: 0.5, workers: 2 });
  expect(note).toBe(pilotText(piloted.pilot!));
  await approve(runId, piloted.plan!.planHash);
  await stack.watch(runId);
  expect((await stack.getRun(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
});

function approve(runId: string, planHash: string, automatic = false) {
  const approval = { runId, planHash, approvedBy: 'the chief', automatic };
  return callUnary(stack.client, stack.client.approveRun, approval);
}
