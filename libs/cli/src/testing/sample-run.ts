import {
  PairState,
  Run,
  RunState,
  TaskState,
  TaskStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';

const GIB = 1024n ** 3n;

/** A plan of two pairs, one of them cached. */
export function samplePlan(): Plan {
  const pair = {
    tables: 120,
    columns: 410,
    includedColumns: 400,
    targets: 7,
    rows: 6000,
    statements: [
      { sqlSha256: 'ab', bytes: 2n * GIB, maximumBytesBilled: 3n * GIB, columns: 410, tables: 120 },
    ],
    exclusions: [
      {
        featureId: 'base_bqx_eurusd.target_45',
        stage: 'plan',
        why: { code: 'future_name', facts: { pattern: '(^|_)target' } },
      },
      {
        featureId: 'tri_x.error_regime',
        stage: 'plan',
        why: { code: 'not_a_number', facts: { type: 'STRING' } },
      },
    ],
  };
  return Plan.fromPartial({
    planHash: '0123456789abcdef'.repeat(4),
    budgetUsd: 50,
    pricePerTibUsd: 6.25,
    bytes: 2n * GIB,
    usd: 0.0122,
    naiveBytes: 28n * GIB,
    naiveUsd: 0.1709,
    naiveStatements: 14,
    warehouse: 'embedded',
    pairs: [
      { ...pair, pair: 'eurusd', datasetId: 'd1'.repeat(32), bytes: 2n * GIB, usd: 0.0122 },
      {
        ...pair,
        pair: 'usdjpy',
        datasetId: 'd2'.repeat(32),
        cached: true,
        notes: [
          planNote({
            code: 'table_without_key',
            facts: { table: 'mkt_x_summary', columns: 2, key: 'interval_time' },
          }),
        ],
      },
    ],
  });
}

export function sampleSummary(): HorizonSummary {
  return HorizonSummary.fromPartial({
    pair: 'eurusd',
    horizon: 15,
    verdict: 'NO_SKILL_BEYOND_OVERLAP',
    auc: 0.8712,
    accuracy: 0.801,
    bestBaseline: 'known part',
    bestBaselineAccuracy: 0.804,
    skill: -0.003,
    skillLow: -0.011,
    skillHigh: 0.004,
    featuresTested: 400,
    featuresRetained: 12,
    expectedFalseSelections: 1.25,
  });
}

export function sampleTask(changes: Partial<TaskStatus> = {}): TaskStatus {
  return TaskStatus.fromPartial({
    pair: 'eurusd',
    horizon: 15,
    state: TaskState.TASK_STATE_DONE,
    attempt: 1,
    trainerId: 'trainer-1',
    summary: sampleSummary(),
    stats: { trainerId: 'trainer-1', peakRssBytes: GIB, memoryLimitBytes: 4n * GIB },
    ...changes,
  });
}

export function sampleDataset(changes: Partial<DatasetRef> = {}): DatasetRef {
  return DatasetRef.fromPartial({
    datasetId: 'd1'.repeat(32),
    pair: 'eurusd',
    path: '/data/d1.duckdb',
    rows: 6000,
    columns: 400,
    targets: ['target_bqx45_h15'],
    statementsRun: 1,
    bytesBilled: 2n * GIB,
    usd: 0.0122,
    createdAt: '2026-03-01T12:00:00Z',
    ...changes,
  });
}

export function sampleRun(changes: Partial<Run> = {}): Run {
  return Run.fromPartial({
    runId: 'r-1',
    state: RunState.RUN_STATE_COMPLETED,
    spec: { pairs: ['eurusd', 'usdjpy'], preset: 'quick' },
    plan: samplePlan(),
    createdAt: { seconds: 1_780_000_000n, nanos: 0 },
    endedAt: { seconds: 1_780_000_083n, nanos: 0 },
    pairs: [
      { pair: 'eurusd', state: PairState.PAIR_STATE_FETCHED, dataset: sampleDataset(), fetchSeconds: 4 },
    ],
    tasks: [sampleTask()],
    statementsRun: 1,
    bytesBilled: 2n * GIB,
    usdBilled: 0.0122,
    workersUsed: 2,
    reportPath: '/home/report.html',
    ledgerRows: 2870n,
    ...changes,
  });
}
