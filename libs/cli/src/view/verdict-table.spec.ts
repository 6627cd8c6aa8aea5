import { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
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
  const text = verdictTable({ tasks: [sampleTask({ summary })], evidence: undefined });
  expect(text).not.toMatch(/NaN|Infinity/);
  expect(text).toMatch(/^-: these rows do not give this figure/m);
});

it('shows p-values adjusted for all tests of the run, and calls SKILL what stands with them', () => {
  const task = (horizon: number, pValue: number | undefined, featuresRetained = 12) =>
    sampleTask({
      horizon,
      summary: {
        ...sampleSummary(),
        ...{ horizon, pValue, featuresRetained, detectableGain: 0.0041, detectableAuc: 0.5273 },
        ...{ verdict: pValue !== undefined && pValue < 0.01 ? 'SKILL' : 'NO_SKILL_BEYOND_OVERLAP' },
        ...(pValue === undefined ? { skill: Number.NaN, skillLow: Number.NaN, skillHigh: Number.NaN } : {}),
      },
    });
  const tasks = [task(15, 0.0001), task(30, 0.004), task(45, undefined, 0)];
  const adjusted = [0.0196, 0.392, 1].map((holm, k) => ({
    ...{ pair: 'eurusd', horizon: 15 * (k + 1), holm, benjaminiYekutieli: 1 },
    romanoWolf: k === 0 ? 0.0002 : undefined,
  }));
  const evidence = RunEvidence.fromPartial({ familyLevel: 0.05, adjusted });
  const lines = verdictTable({ tasks, evidence }).split('\n');
  expect(lines[2]).toMatch(/SKILL +<0\.001 .*\+4\.1, AUC 0\.527/);
  expect(lines[3]).toMatch(/skill by itself +0\.392 /);
  expect(lines[4]).toMatch(/no skill beyond overlap +- .* not tested /);
  expect(lines.join('\n')).not.toContain('-: ');
});

it('needs no such line where all figures are there', () => {
  expect(verdictTable({ tasks: [sampleTask()], evidence: undefined })).not.toContain('-: ');
});
