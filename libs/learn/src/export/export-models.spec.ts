import { describe, expect, it, vi } from 'vitest';
import { readLightGbmText } from '../boosting/lightgbm-text.js';
import { predictValues } from '../boosting/predict-values.js';
import { type LearnConfig, resolveLearnConfig } from '../config/learn-config.js';
import type { HorizonOutcome } from '../learner/horizon-outcome.js';
import { PairLearner } from '../learner/pair-learner.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { applyModels } from './apply-models.js';
import { modelText, textName } from './export-models.js';

vi.setConfig({ testTimeout: 120_000 });

const SETTINGS = {
  'models.leaf.rounds': '20',
  'models.level.rounds': '20',
  'models.symmetric.rounds': '20',
  'explain.export': 'yes',
  'explain.value': 'yes',
  'models.export': 'yes',
};
const planted = simulatePair({ seed: 22n, rows: 2600, spacing: 8, noiseFeatures: 20, effect: 0.2 });

const learn = (config: LearnConfig, horizon: number): HorizonOutcome =>
  new PairLearner(planted.pairInput(config), config).learnHorizon(planted.horizonInput(horizon));

/** Texts of the models, by name. */
function textsOf({ models }: HorizonOutcome, isFloat32 = false): Map<string, string> {
  const names = models!.features.map((position) => textName(planted.features[position]!.id));
  return new Map(models!.models.map(({ name, trees }) => [name, modelText(trees, names, () => isFloat32)]));
}

/** What the texts, read again, say of the rows, whose values are `change`d. */
function predicted(
  outcome: HorizonOutcome,
  horizon: number,
  change: (value: number) => number,
  isFloat32 = false,
) {
  const { features, description } = outcome.models!;
  const values = features.map((position) => Float64Array.from(planted.features[position]!.values, change));
  const rows = Uint32Array.from(planted.bar.keys());
  const texts = textsOf(outcome, isFloat32);
  const raw = (name: string) => predictValues(readLightGbmText(texts.get(name)!).booster, values, rows);
  const { knownPart } = planted.horizonInput(horizon);
  const known = knownPart ?? new Float64Array(rows.length);
  return applyModels(description, raw, { known, persistence: planted.persistence, bar: planted.bar });
}

function expectSame(found: Float64Array, { explainedRows }: HorizonOutcome, output: number): void {
  const rowOf = new Map(Array.from(planted.time, (time, row) => [time, row]));
  const { time, outputs } = explainedRows!;
  expect(time.length).toBeGreaterThan(2000);
  time.forEach((each, k) => {
    const expected = outputs[output]!.prediction[k]!;
    const difference = Math.abs(found[rowOf.get(each)!]! - expected);
    expect(difference).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected)));
  });
}

describe.each([
  ['what overlaps, calibrated by a line', 30, {}],
  ['what does not overlap', 60, {}],
  ['the base rate', 30, { 'models.start': 'base-rate' }],
])('models that start from %s', (_, horizon, more) => {
  const outcome = learn(resolveLearnConfig('quick', { ...SETTINGS, ...more }), horizon);
  const { calibration } = outcome.models!.description.direction;
  const { slope, intercept } = calibration as { slope: number; intercept: number };

  it('read back from their texts predict what the trainer predicted', () => {
    const { logOdds, probability, value } = predicted(outcome, horizon, (each) => each);
    const calibrated = logOdds.map((each) => slope * each + intercept);
    expectSame(calibrated, outcome, 0);
    expectSame(value, outcome, 1);
    probability.forEach((p, row) => {
      expect(p).toBeCloseTo(1 / (1 + Math.exp(-calibrated[row]!)), 12);
    });
  });

  it('predict the same of values that were rounded to float32 for the trainer', () => {
    const before = (value: number) =>
      value + 0.49 * (Math.abs(value) < 1e-30 ? 0 : Math.abs(value) * 2 ** -24);
    const { logOdds } = predicted(outcome, horizon, before, true);
    expectSame(
      logOdds.map((each) => slope * each + intercept),
      outcome,
      0,
    );
  });
});

describe.each(['isotonic', 'venn-abers'])('probabilities calibrated by %s', (method) => {
  it('have the log loss and the accuracy of the final segment', () => {
    const outcome = learn(resolveLearnConfig('quick', { ...SETTINGS, 'calibration.method': method }), 30);
    const { probability } = predicted(outcome, 30, (each) => each);
    const rows = outcome.explainedRows!;
    const rowOf = new Map(Array.from(planted.time, (time, row) => [time, row]));
    const final = [...rows.final.keys()].filter((k) => rows.final[k]).map((k) => rowOf.get(rows.time[k]!)!);
    const { target } = planted.horizonInput(30);
    const hits = final.filter((row) => probability[row]! >= 0.5 === target[row]! > 0).length;
    expect(hits / final.length).toBeCloseTo(outcome.summary.accuracy, 12);
    const brier = final.reduce((sum, row) => sum + (probability[row]! - Number(target[row]! > 0)) ** 2, 0);
    const { final: scored } = outcome.document as unknown as {
      final: { direction: { brier: { value: number } } };
    };
    expect(brier / final.length).toBeCloseTo(scored.direction.brier.value, 12);
  });
});

it('thresholds of features that were float32 are those of the doubles before', () => {
  const outcome = learn(resolveLearnConfig('quick', SETTINGS), 30);
  const thresholds = (isFloat32: boolean) =>
    readLightGbmText(textsOf(outcome, isFloat32).get('leaf')!).booster.trees.flatMap(({ threshold }) => [
      ...threshold,
    ]);
  const [as, before] = [thresholds(false), thresholds(true)];
  expect(before.every((each, node) => each > as[node]! && Math.fround(each) === as[node])).toBe(true);
});

it('names have no white space, and no two become one', () => {
  expect(['a.b c', 'a.b%20c', 'a.\u00a0é'].map(textName)).toEqual(['a.b%20c', 'a.b%2520c', 'a.%C2%A0é']);
});
