import { RunState, TaskState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import type { LedgerRow } from '@onescan/shared/generated/onescan/v1/result.js';
import { callServerStream } from '@onescan/shared/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { FEATURES, PAIR_BYTES, PAIR_USD } from './testing/scripted-fetcher.js';
import { TestStack } from './testing/test-stack.js';

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
  const rows: LedgerRow[] = [];
  const ledger = callServerStream(stack.client, stack.client.getLedger, {
    runId,
    pair: 'gbpusd',
    horizon: 0,
  });
  for await (const part of ledger) rows.push(...part.rows);
  expect(rows.map((row) => row.featureId)).toEqual([...FEATURES, ...FEATURES]);
});
