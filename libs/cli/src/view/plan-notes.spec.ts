import { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
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
    'Note, partial coverage (4, the worst 3): table t3 starts late (eurusd); table t1 starts late (both pairs); table t2 starts late (eurusd)',
    'Note, columns removed: universe.exclude removes 5 (usdjpy)',
    'All notes are in plan --json and show --json.',
  ]);
});

it('says once what many pairs have, and of how many', () => {
  const note = { kind: 'lineage rule without columns', text: 'universe.future "x" meets none', severity: 0 };
  const pairs = Array.from({ length: 6 }, (_, i) =>
    PairPlan.create({ pair: `p${i}`, notes: i < 5 ? [note] : [] }),
  );
  const line = 'Note, lineage rule without columns: universe.future "x" meets none';
  expect(planNotes({ pairs, shared: undefined })).toEqual([`${line} (5 of 6 pairs)`]);
  expect(planNotes({ pairs: pairs.slice(0, 5), shared: undefined })).toEqual([`${line} (all 5 pairs)`]);
  expect(planNotes({ pairs: pairs.slice(0, 1), shared: undefined })).toEqual([line]);
});

it('makes the sentence of codes and facts, and keeps that of older plans', () => {
  const pair = PairPlan.create({ pair: 'eurusd' });
  const old = { kind: 'partial coverage', text: 'table a starts late', severity: 0 };
  const late = planNote({ code: 'partial_coverage', facts: { table: 'b', from: '2020', to: '2021' } }, 1);
  const told = reasonText({ code: 'partial_coverage', facts: { table: 'b', from: '2020', to: '2021' } });
  const notes = [old, { ...late, kind: 'nobody reads it', text: 'nor that' }];
  expect(planNotes({ pairs: [{ ...pair, notes }], shared: undefined })).toEqual([
    `Note, partial coverage: ${told}; table a starts late`,
  ]);
});

it('shows nothing when there is nothing to note', () => {
  const plan = samplePlan();
  for (const pair of plan.pairs) pair.notes = [];
  expect(planNotes(plan)).toEqual([]);
});
