import { SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { noteText } from '@onescan/contract/reasons/plan-note.js';
import { reasonMeaning } from '@onescan/contract/reasons/reason.js';
import { expect, it } from 'vitest';
import { samplePlan } from '../testing/sample-run.js';
import { planText } from './plan-text.js';
import { statementsToRun } from './statements-to-run.js';

it('shows a line a pair, totals, the naive way, and what is not tested', () => {
  expect(planText(samplePlan())).toBe(
    [
      'Plan 0123456789ab (embedded, $6.25 a TiB)',
      '',
      'pair    statements  tables  columns  tested  targets   rows     bytes    cost',
      '------  ----------  ------  -------  ------  -------  -----  --------  ------',
      'eurusd           1     120      410     400        7  6,000  2.00 GiB  $0.012',
      'usdjpy  0 (cached)     120      410     400        7  6,000       0 B   $0.00',
      '',
      'In total: 1 statement, 2.00 GiB, $0.012 of a budget of $50.00.',
      'The naive way, a statement a pair and horizon: 14 statements, 28.0 GiB, $0.17, 14.0 times as much.',
      'Columns not tested, each in the ledger with its reason:',
      `  eurusd 2: 1 because ${reasonMeaning('future_name')}, 1 because ${reasonMeaning('not_a_number')}`,
      `  usdjpy 2: 1 because ${reasonMeaning('future_name')}, 1 because ${reasonMeaning('not_a_number')}`,
      `Note, table without key: ${noteText(samplePlan().pairs[1]!.notes[0]!)} (usdjpy)`,
      '',
    ].join('\n'),
  );
});

it('names three reasons for exclusion and counts the rest, so that the numbers add up', () => {
  const plan = samplePlan();
  const reasons = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'd'];
  plan.pairs[0]!.exclusions = reasons.map((reason, i) => ({ featureId: `f${i}`, stage: 'plan', reason }));
  const [first, others] = ['3 because a, 2 because b, 2 because c', 'and 1 for another reason'];
  expect(planText(plan)).toContain(`\n  eurusd 8: ${first}, ${others}\n`);
  plan.pairs[0]!.exclusions.push({ featureId: 'f9', stage: 'plan', reason: 'e' });
  expect(planText(plan)).toContain(`\n  eurusd 9: ${first}, and 2 for 2 other reasons\n`);
});

it('says of a plan over its budget that it cannot be approved, counting what was billed before', () => {
  const plan = samplePlan();
  expect(planText({ ...plan, usd: 50 })).not.toContain('OVER BUDGET');
  expect(planText({ ...plan, usd: 30, alreadyBilledUsd: 20.01 })).toContain(
    '\nOVER BUDGET: estimate $30.00 and $20.01 billed before against $50.00: it cannot be approved; raise --budget,',
  );
});

it('counts no statement for what is cached', () => {
  const plan = samplePlan();
  for (const pair of plan.pairs) pair.cached = true;
  expect(statementsToRun(plan)).toBe(0);
  expect(planText({ ...plan, bytes: 0n, usd: 0 })).toContain('In total: 0 statements, 0 B, $0.00');
});

it('shows what all pairs share on a line of its own, and what fetching it once saves', () => {
  const plan = samplePlan();
  const [eurusd, usdjpy] = plan.pairs;
  usdjpy!.cached = false;
  plan.shared = SharedPlan.fromPartial({
    tables: 60,
    columns: 300,
    includedColumns: 290,
    statements: eurusd!.statements,
    bytes: 1024n ** 3n,
    usd: 0.0061,
    rowsAtLeast: 6000,
  });
  const once = {
    ...plan,
    bytes: 3n * 1024n ** 3n,
    perPairBytes: 4n * 1024n ** 3n,
    perPairUsd: 0.0244,
    usd: 0.0183,
    perPairStatements: 2,
  };
  const text = planText(once);
  expect(text).toMatch(/^shared +1 +60 +300 +290 +0 +6,000 +1.00 GiB +\$0.0061$/m);
  expect(text).toContain('In total: 3 statements');
  expect(text).toContain(
    'If every pair fetched what all share: 2 statements, 4.00 GiB, $0.024. Fetching it once saves 1.00 GiB, $0.0061, with 1 more statement.',
  );
  expect(planText({ ...once, perPairStatements: 3 })).toContain('$0.0061, with as many statements.');
  expect(planText({ ...once, perPairStatements: 5 })).toContain('$0.0061, with 2 fewer statements.');
});

it('says what fetching once what all pairs share would save, and where that is an estimate of one pair', () => {
  const plan = { ...samplePlan(), bytes: 4n * 1024n ** 3n, usd: 0.0244 };
  const once = { bytes: 3n * 1024n ** 3n, usd: 0.0183, statements: 2, scaled: false, problem: '' };
  const line = (sharedOnce: typeof once): string =>
    planText({ ...plan, sharedOnce })
      .split('\n')
      .find((text) => text.includes('sharedGroups'))!;
  expect(line(once)).toBe(
    'sharedGroups: once would read 3.00 GiB, $0.018: saves 1.00 GiB, $0.0061 (25 %), with 1 more statement.',
  );
  expect(line({ ...once, scaled: true, statements: 1 })).toBe(
    'sharedGroups: once would read about 3.00 GiB, $0.018: saves about 1.00 GiB, $0.0061 (25 %), with as many statements; one pair was dry-run for all.',
  );
  expect(line({ ...once, bytes: plan.bytes })).toContain('saves nothing');
  expect(line({ ...once, problem: 'no answer' })).toBe(
    'What sharedGroups: once would save is not known: no answer',
  );
  expect(planText(plan)).not.toContain('sharedGroups');
});
