import { expect, it } from 'vitest';
import { sampleSummary, sampleTask } from '../testing/sample-run.js';
import { verdictTable } from './verdict-table.js';

const FIGURES = [
  'auc',
  'accuracy',
  'bestBaselineAccuracy',
  'skill',
  'skillLow',
  'skillHigh',
  'expectedFalseSelections',
] as const;

it.each(FIGURES)('says what a "-" means where %s is not a number', (name) => {
  const summary = { ...sampleSummary(), [name]: Number.NaN };
  const text = verdictTable({ tasks: [sampleTask({ summary })] });
  expect(text).not.toMatch(/NaN|Infinity/);
  expect(text).toMatch(/^-: these rows do not give this figure/m);
});

it('needs no such line where all figures are there', () => {
  expect(verdictTable({ tasks: [sampleTask()] })).not.toContain('-: ');
});
