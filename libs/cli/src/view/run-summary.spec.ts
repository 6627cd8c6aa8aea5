import { RunState, TaskState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { QueryJob } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { expect, it } from 'vitest';
import { sampleDataset, sampleRun, sampleTask } from '../testing/sample-run.js';
import { runSummary } from './run-summary.js';
import { verdictTable } from './verdict-table.js';

it('puts what was billed beside what was planned, and memory beside its limit', () => {
  expect(runSummary(sampleRun())).toBe(
    [
      'Run r-1: completed in 1 min 23 s',
      'Cost: 1 statement, 2.00 GiB billed, $0.012; the plan said 2.00 GiB, $0.012',
      'Workers: 2 used at the same time',
      'Peak memory: trainer-1 1.00 GiB of 4.00 GiB',
      'Ledger: 2,870 rows (onescan ledger r-1)',
      'Report: /home/report.html',
      '',
    ].join('\n'),
  );
});

it('says what was billed before a plan that was changed, and what is not known yet', () => {
  const run = sampleRun();
  const plan = { ...run.plan!, alreadyBilledBytes: 1024n ** 3n, alreadyBilledUsd: 0.006 };
  const job = QueryJob.create({ billingUnknown: true, maximumBytesBilled: 3n * 1024n ** 3n });
  const pairs = run.pairs.map((pair) => ({ ...pair, jobs: [...pair.jobs, job] }));
  expect(runSummary({ ...run, plan, pairs })).toContain(
    'the plan said 2.00 GiB, $0.012, beside 1.00 GiB, $0.0060 billed before it; of 1 it is not known yet, at most 3.00 GiB more',
  );
});

it('names every problem of a partial run', () => {
  const run = sampleRun({ state: RunState.RUN_STATE_PARTIAL, problems: ['usdjpy: not fetched'] });
  expect(runSummary(run)).toContain('Problem: usdjpy: not fetched\n');
});

it('shows how far a horizon is that has no result', () => {
  const failed = sampleTask({ horizon: 30, state: TaskState.TASK_STATE_FAILED, error: 'lost 3 trainers' });
  delete failed.summary;
  const lines = verdictTable({ tasks: [failed, sampleTask()] }).split('\n');
  expect(lines[2]).toMatch(
    /eurusd +15 +no skill beyond overlap +0.871 +80.1 % +80.4 % known part +-3.0 \[-11.0, \+4.0\]/,
  );
  expect(lines[3]).toMatch(/eurusd +30 +FAILED +-/);
});

it('says a suspected leak once a pair, with what it gives away', () => {
  const leak = {
    featureId: 'agg_eurusd.nearly',
    reason: 'suspected leakage: explains 99.7 % of the target of h45',
    retained: false,
  };
  const strong = { featureId: 'mkt.flow', reason: 'suspicious: explains 31.0 % of the rest', retained: true };
  const tasks = [15, 30].map((horizon) => {
    const task = sampleTask({ horizon });
    return { ...task, summary: { ...task.summary!, suspicions: [leak, strong] } };
  });
  expect(runSummary(sampleRun({ tasks })).split('\n').slice(2, 4)).toEqual([
    'Suspected leak: eurusd agg_eurusd.nearly: explains 99.7 % of the target of h45',
    'Suspicious, retained: eurusd mkt.flow (h15, h30): explains 31.0 % of the rest',
  ]);
});

it('says of each pair what was rounded, once where it is the same', () => {
  const rounded = { count: 1, widest: [{ featureId: 'id.order_nr', gap: 256 }] };
  const [pair] = sampleRun().pairs;
  const pairs = ['eurusd', 'gbpusd', 'usdjpy'].map((name, i) => {
    const dataset = i < 2 ? sampleDataset({ rounded }) : sampleDataset();
    return { ...pair!, pair: name, dataset };
  });
  expect(runSummary(sampleRun({ pairs }))).toContain(
    '\nNote, numbers rounded: 1 column keeps numbers beyond 2^53 as doubles, and what lies between those was rounded: id.order_nr (256 apart) (eurusd, gbpusd)\n',
  );
  expect(runSummary(sampleRun())).not.toContain('rounded');
});
