import { expect, it } from 'vitest';
import { samplePlan } from '../testing/sample-run.js';
import { planNotes } from './plan-notes.js';

it('shows a line for each kind: how many, the worst three, and whose they are', () => {
  const plan = samplePlan();
  const [eurusd, usdjpy] = plan.pairs;
  const late = (table: number, missing: number) => ({
    kind: 'partial coverage',
    text: `table t${table} starts late`,
    severity: missing,
  });
  eurusd!.notes = [late(0, 0.1), late(1, 0.5), late(2, 0.2), late(3, 0.9)];
  usdjpy!.notes = [
    late(1, 0.5),
    { kind: 'columns removed', text: 'universe.exclude removes 5', severity: 5 },
  ];
  expect(planNotes(plan)).toEqual([
    'Note, partial coverage (4, the worst 3): table t3 starts late (eurusd); table t1 starts late; table t2 starts late (eurusd)',
    'Note, columns removed: universe.exclude removes 5 (usdjpy)',
    'All notes are in plan --json and show --json.',
  ]);
});

it('shows nothing when there is nothing to note', () => {
  const plan = samplePlan();
  for (const pair of plan.pairs) pair.notes = [];
  expect(planNotes(plan)).toEqual([]);
});
