import { RunEvidence, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { bareReasonText, reasonText } from '@onescan/contract/reasons/reason.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
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

it('says what all tests come to together, and what was scored before', () => {
  const facts = { tests: 4, tested: 4, skill: 2, expectedFalse: 0.04, familyLevel: 0.05 };
  const evidence = RunEvidence.fromPartial({
    ...{ results: 2, verdictReason: { code: 'run_no_skill', facts }, featuresRetained: 40 },
    ...{ expectedFalseFeatures: 4, verdictText: 'as it was told then' },
    adjusted: [
      { scoring: 3, charge: 14.8 },
      { scoring: 1, charge: 1.64 },
    ],
  });
  const lines = runSummary({ ...sampleRun(), evidence }).split('\n');
  const told = bareReasonText({ code: 'run_no_skill', facts });
  expect(lines).toContain(`Verdict: ${told}`);
  expect(lines.find((line) => line.startsWith('Scored before:'))).toMatch(
    /1 of 2 results.*2 times.*14\.8 times/,
  );
  expect(lines.find((line) => line.startsWith('Features:'))).toMatch(/40 retained.*4\.0 \(10\.0 %\)/);
  expect(runSummary(sampleRun())).not.toMatch(/Verdict:|Scored before:|Features:/);
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
    /eurusd +15 +no skill beyond overlap +- +0.871 +80.1 % +80.4 % known part +-3.0 \[-11.0, \+4.0\]/,
  );
  expect(lines[3]).toMatch(/eurusd +30 +FAILED +-/);
});

it('says a suspected leak once a pair, with what it gives away', () => {
  const leak = {
    featureId: 'agg_eurusd.nearly',
    reason: '',
    retained: false,
    why: { code: 'leak', facts: { part: 'target', horizon: 45, share: 0.997, limit: 0.9 } },
  } as const;
  const strong = {
    featureId: 'mkt.flow',
    reason: '',
    retained: true,
    why: { code: 'suspicious_share', facts: { part: 'unknown', horizon: 45, share: 0.31, limit: 0.25 } },
  } as const;
  const older = { featureId: 'mkt.old', reason: 'the words of an older version', retained: true };
  const tasks = [15, 30].map((horizon) => {
    const task = sampleTask({ horizon });
    return { ...task, summary: { ...task.summary!, suspicions: [leak, strong, older] } };
  });
  expect(runSummary(sampleRun({ tasks })).split('\n').slice(2, 5)).toEqual([
    `Suspected leak: eurusd agg_eurusd.nearly: ${bareReasonText(leak.why)}`,
    `Suspicious, retained: eurusd mkt.flow (h15, h30): ${bareReasonText(strong.why)}`,
    'Suspicious, retained: eurusd mkt.old (h15, h30): the words of an older version',
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
    `\nNote, numbers rounded: ${reasonText(roundedReason(rounded))} (eurusd, gbpusd)\n`,
  );
  expect(runSummary(sampleRun())).not.toContain('rounded');
});
