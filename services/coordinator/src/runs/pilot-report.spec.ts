import { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { Plan, SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
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
  expect(report.text).toBe(
    'Pilot eurusd: billed $0.25, estimated $0.25; fetched in 30 s; 2 horizons trained in 40 s of one trainer. ' +
      'The 3 pairs left: estimated $0.75, times 1.00 billed of estimated = $0.75; ' +
      'fetching 3 x 30 s / 2 at a time = 45 s, training 3 x 40 s / 2 workers = 1 min 00 s. ' +
      'Both go on at the same time: about 1 min 00 s, if the pairs left are like the pilot and do not slow each other down.',
  );
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
  expect(report.text).toContain(
    'fetched in 30 s, 18 s of it for what all pairs share and the rest need not fetch; 2 horizons',
  );
  expect(report.text).toContain('fetching 3 x 12 s / 2 at a time = 18 s');
});

test('horizons that failed are not called trained', () => {
  const snapshot = piloted({ jobs: [job('2026-01-01T00:00:00Z')] });
  const failed = snapshot.tasks.get(taskKey('eurusd', 30))!;
  const tasks = new Map([
    ...snapshot.tasks,
    [taskKey('eurusd', 30), { ...failed, state: 'FAILED' as const }],
  ]);
  expect(pilotReport({ ...snapshot, tasks }, TERMS)!.text).toContain('; 1 of 2 horizons trained in 40 s');
});

test('a single horizon, pair and fetch at a time are told in the singular; nothing is fetched that is cached', () => {
  const pairs = PAIRS.slice(0, 2);
  const snapshot = piloted({ jobs: [job('2026-01-01T00:00:00Z')] }, { pairs, horizons: [15] });
  const text = (): string => pilotReport(snapshot, TERMS)!.text;
  expect(text()).toContain('1 horizon trained in 20 s of one trainer. The 1 pair left');
  expect(text()).toContain('fetching 1 x 30 s = 30 s');
  snapshot.run.plan!.pairs[1]!.cached = true;
  expect(text()).toContain('$0.00; nothing to fetch, training');
});
