import { expect, it } from 'vitest';
import { samplePlan } from '../testing/sample-run.js';
import { planText, statementsToRun } from './plan-text.js';

it('shows a line a pair, totals, the naive way, and what is not tested', () => {
  expect(planText(samplePlan())).toBe(
    [
      'Plan 0123456789ab (embedded warehouse, $6.25 a TiB)',
      '',
      'pair    statements  tables  columns  tested  targets   rows     bytes    cost',
      '------  ----------  ------  -------  ------  -------  -----  --------  ------',
      'eurusd           1     120      410     400        7  6,000  2.00 GiB  $0.012',
      'usdjpy  0 (cached)     120      410     400        7  6,000       0 B   $0.00',
      '',
      'In total: 1 statement, 2.00 GiB, $0.012 of a budget of $50.00.',
      'The naive way, a statement a pair and horizon: 14 statements, 28.0 GiB, $0.17, 14.0 times as much.',
      'Columns not tested, each in the ledger with its reason:',
      '  eurusd 2: 1 because it holds future values, 1 because its type STRING cannot be made a number',
      '  usdjpy 2: 1 because it holds future values, 1 because its type STRING cannot be made a number',
      'Note, table without key: mkt_x_summary has no key (usdjpy)',
      '',
    ].join('\n'),
  );
});

it('counts no statement for what is cached', () => {
  const plan = samplePlan();
  for (const pair of plan.pairs) pair.cached = true;
  expect(statementsToRun(plan)).toBe(0);
  expect(planText({ ...plan, bytes: 0n, usd: 0 })).toContain('In total: 0 statements, 0 B, $0.00');
});
