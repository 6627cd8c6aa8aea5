import { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { Plan, SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { pilotText } from '@onescan/contract/reasons/pilot-text.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { expect, test } from 'vitest';
import {
  blankPairsAndTasks,
  blankRun,
  type PairRecord,
  type RunSnapshot,
  taskKey,
} from '../model/run-record.js';
import { PAIR_BYTES, PAIR_USD, pairPlan } from '../testing/scripted-fetcher.js';
import { pilotReport } from './pilot-report.js';

const PAIRS = ['eurusd', 'gbpusd', 'usdjpy', 'audusd'];
const TERMS = { workersConnected: 2, fetchesAtOnce: 2 };

function job(startedAt: string, shared = false): QueryJob {
  return QueryJob.create({ pair: 'eurusd', startedAt, shared, usd: PAIR_USD, bytesBilled: PAIR_BYTES });
}

/** A run whose pilot eurusd took 30 s to fetch and 40 s to train. */
function piloted(
  pilot: Partial<PairRecord>,
  changes: { pairs?: string[]; horizons?: number[]; shared?: SharedPlan } = {},
): RunSnapshot {
  const { pairs: names = PAIRS, horizons = [15, 30], shared } = changes;
  const spec = resolveRunSpec(RunSpec.fromPartial({ pairs: names, horizons, pilotPair: 'eurusd' }));
  const { pairs, tasks } = blankPairsAndTasks('r', spec);
  const plan = Plan.create({ pairs: names.map((pair) => pairPlan(pair)), pricePerTibUsd: 6.4, shared });
  const [first, ...rest] = pairs;
  const fetched = { ...first!, fetchSeconds: 30, usd: PAIR_USD, ...pilot };
  const stats = TaskStats.create({ stageSeconds: { select: 15, model: 5 } });
  const run = blankRun({ runId: 'r', spec, rerunOf: '', traceparent: '', createdMs: 0 });
  return {
    run: { ...run, plan },
    pairs: new Map([fetched, ...rest].map((pair) => [pair.pair, pair])),
    tasks: new Map(
      tasks.map((task) => {
        const done = task.pair === 'eurusd' ? { state: 'DONE' as const, stats } : {};
        return [taskKey(task.pair, task.horizon), { ...task, ...done }];
      }),
    ),
  } as RunSnapshot;
}

test('the rest is reckoned by the fetches and trainers that work at a time, and says so', () => {
  const report = pilotReport(piloted({ jobs: [job('2026-01-01T00:00:00Z')] }), TERMS)!;
  expect(report).toMatchObject({
    restFetchSeconds: 45,
    restTrainSeconds: 60,
    restSeconds: 60,
    fetchesAtOnce: 2,
  });
  expect(report).toMatchObject({ horizons: 2, horizonsTrained: 2, pairsToFetch: 3, billedOfEstimated: 1 });
  expect(report.text).toBe(pilotText(report));
});

test('what all pairs share is fetched once: neither its time nor its cost is multiplied', () => {
  const looked = { ...job('2026-01-01T00:00:01Z'), purpose: 'metadata' };
  const jobs = [looked, job('2026-01-01T00:00:02Z', true), job('2026-01-01T00:00:20Z')];
  const shared = SharedPlan.fromPartial({ statements: [{ bytes: PAIR_BYTES }], usd: PAIR_USD });
  const report = pilotReport(piloted({ jobs, usd: 2 * PAIR_USD }, { shared }), TERMS)!;
  expect(report).toMatchObject({
    estimatedUsd: 0.5,
    restEstimatedUsd: 0.75,
    sharedFetchSeconds: 18,
    restFetchSeconds: 18,
  });
});

test('horizons that failed are not called trained', () => {
  const snapshot = piloted({ jobs: [job('2026-01-01T00:00:00Z')] });
  const failed = snapshot.tasks.get(taskKey('eurusd', 30))!;
  const tasks = new Map([
    ...snapshot.tasks,
    [taskKey('eurusd', 30), { ...failed, state: 'FAILED' as const }],
  ]);
  expect(pilotReport({ ...snapshot, tasks }, TERMS)).toMatchObject({ horizons: 2, horizonsTrained: 1 });
});

test('a single horizon, pair and fetch at a time are counted as such; nothing is fetched that is cached', () => {
  const pairs = PAIRS.slice(0, 2);
  const snapshot = piloted({ jobs: [job('2026-01-01T00:00:00Z')] }, { pairs, horizons: [15] });
  const report = () => pilotReport(snapshot, TERMS);
  expect(report()).toMatchObject({ horizons: 1, pairsLeft: 1, pairsToFetch: 1, fetchesAtOnce: 1 });
  snapshot.run.plan!.pairs[1]!.cached = true;
  expect(report()).toMatchObject({ pairsLeft: 1, pairsToFetch: 0, restEstimatedUsd: 0, restFetchSeconds: 0 });
});
