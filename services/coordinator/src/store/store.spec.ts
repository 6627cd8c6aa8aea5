import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunEvent } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { DatasetRef, EstimatePairResponse } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import {
  HorizonResult,
  HorizonSummary,
  LedgerStatus,
  TaskStats,
} from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blankPairsAndTasks, blankRun, type RunRecord, type TaskRecord } from '../model/run-record.js';
import { makePlan } from '../planning/make-plan.js';
import { pairPlan } from '../testing/scripted-fetcher.js';
import { Store } from './store.js';

const SPEC = resolveRunSpec(
  RunSpec.fromPartial({
    pairs: ['eurusd'],
    horizons: [15, 30],
    overrides: { 'protocol.folds': '4' },
    seed: 7n,
  }),
);
const ESTIMATE = { plan: pairPlan('eurusd'), pricePerTibUsd: 6.25, warehouse: 'embedded' };
const PLAN = makePlan(SPEC, [{ ...EstimatePairResponse.create(ESTIMATE), plan: ESTIMATE.plan }]);
const RUN = blankRun({
  runId: 'r',
  createdMs: 1_764_000_000_123,
  rerunOf: '',
  spec: SPEC,
  traceparent: '00-ab-cd-01',
});

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-store-'));
  store = await Store.open(folder);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function reopen(): Promise<void> {
  await store.close();
  store = await Store.open(folder);
}

const event = (sequence: bigint) =>
  RunEvent.create({ runId: 'r', sequence, event: { $case: 'note', value: `n${sequence}` } } as RunEvent);

function wideResult(task: TaskRecord, features: number): HorizonResult {
  return HorizonResult.create({
    document: Buffer.from('{"a":1}'),
    documentSha256: 'hash',
    ledger: Array.from({ length: features }, (_, i) => ({
      runId: 'r',
      pair: task.pair,
      horizon: task.horizon,
      featureId: `table_${i % 500}.column_${i}`,
      group: 'pair',
      status: i % 3 === 0 ? LedgerStatus.LEDGER_STATUS_RETAINED : LedgerStatus.LEDGER_STATUS_PRUNED,
      stage: 'select',
      reason: '',
      why: { code: 'gain', facts: { share: (i % 100) / 100 } },
      ...(i % 3 === 0 ? { selectionFrequency: i / features, rank: i + 1 } : {}),
      rowsExplained: 0,
    })),
  });
}

test('gives back after reopening exactly what was stored', async () => {
  await store.createRun(RUN, [event(1n)]);
  const { pairs, tasks } = blankPairsAndTasks('r', SPEC);
  await store.replacePairsAndTasks('r', { pairs, tasks });
  const run: RunRecord = {
    ...RUN,
    plan: PLAN,
    state: 'PARTIAL',
    endedMs: 1_764_000_999_999,
    problems: [
      { code: 'plan_changed', facts: {} },
      { code: 'run_cancelled', facts: { why: 'b "c"' } },
    ],
  };
  const dataset = DatasetRef.create({
    datasetId: 'd',
    pair: 'eurusd',
    path: '/x',
    bytesBilled: 2n ** 60n,
    usd: 0.1,
  });
  const pair = {
    ...pairs[0]!,
    state: 'FETCHED' as const,
    dataset,
    bytesBilled: 2n ** 63n,
    usd: 1 / 3,
    statementsRun: 1,
  };
  const task: TaskRecord = {
    ...tasks[1]!,
    state: 'DONE',
    attempt: 3,
    crashes: 2,
    summary: HorizonSummary.create({ pair: 'eurusd', horizon: 30, accuracy: Number.NaN, auc: 0.1 + 0.2 }),
    stats: TaskStats.create({ trainerId: 't', stageSeconds: { load: 1.5 } }),
  };
  await store.commit({
    run,
    pairs: [pair],
    tasks: [task],
    events: [event(2n), event(3n)],
    result: { task, result: wideResult(task, 10) },
  });
  await reopen();
  const read = (await store.readRun('r'))!;
  expect(read.run).toEqual(run);
  expect([...read.pairs.values()]).toEqual([pair]);
  expect([...read.tasks.values()]).toEqual([tasks[0], task]);
  expect(await store.readEvents('r', 1n, 10)).toEqual([event(2n), event(3n)]);
  expect(await store.readLastSequence('r')).toBe(3n);
  expect(Buffer.from((await store.readResult('r', 'eurusd', 30))!.document).toString()).toBe('{"a":1}');
});

test('stores a wide ledger in bulk and reads it back in order, with unset figures unset', async () => {
  await store.createRun(RUN, []);
  const { pairs, tasks } = blankPairsAndTasks('r', SPEC);
  await store.replacePairsAndTasks('r', { pairs, tasks });
  const task = tasks[0]!;
  const result = wideResult(task, 6_500);
  await store.commit({ pairs: [], tasks: [task], events: [], result: { task, result } });
  expect(await store.readTaskLedger(task)).toEqual(
    result.ledger.map((row) => ({
      selectionFrequency: undefined,
      importance: undefined,
      shapMeanAbs: undefined,
      rank: undefined,
      ...row,
    })),
  );
  expect(await store.countLedger('r')).toEqual([
    { pair: 'eurusd', horizon: 15, rows: 6_500, features: 6_500 },
  ]);
  const totals = await store.totalLedger('r');
  expect(totals.map(({ status, reasonCode, rows }) => [status, reasonCode, rows])).toEqual([
    ['PRUNED', 'gain', 4333],
    ['RETAINED', 'gain', 2167],
  ]);
});

test('a transaction that fails leaves nothing behind', async () => {
  await store.createRun(RUN, [event(1n)]);
  const { pairs, tasks } = blankPairsAndTasks('r', SPEC);
  await store.replacePairsAndTasks('r', { pairs, tasks });
  const task: TaskRecord = { ...tasks[0]!, state: 'DONE' };
  const commit = {
    pairs: [],
    tasks: [task],
    events: [event(1n)],
    result: { task, result: wideResult(task, 100) },
  };
  await expect(store.commit(commit)).rejects.toThrow();
  const read = (await store.readRun('r'))!;
  expect(read.tasks.get('eurusd/15')!.state).toBe('BLOCKED');
  expect(await store.countLedger('r')).toEqual([]);
  expect(await store.readResult('r', 'eurusd', 15)).toBeUndefined();
  await store.commit({ ...commit, events: [event(2n)] });
  expect(await store.countLedger('r')).toHaveLength(1);
});
