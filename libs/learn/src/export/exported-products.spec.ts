import { describe, expect, it } from 'vitest';
import { readLightGbmText } from '../boosting/lightgbm-text.js';
import { predictValues } from '../boosting/predict-values.js';
import { resolveLearnConfig } from '../config/learn-config.js';
import { PairLearner } from '../learner/pair-learner.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { applyModels, multipliedColumn } from './apply-models.js';
import { modelText, productSteps } from './export-models.js';

const pair = simulatePair({ seed: 5n, rows: 5000, spacing: 8, noiseFeatures: 6, interaction: 0.2 });
const config = resolveLearnConfig('quick', {
  'interactions.features': '15',
  'models.export': 'yes',
  'explain.export': 'yes',
});
const HORIZON = 60;

describe('a retained product of two features', () => {
  const outcome = new PairLearner(pair.pairInput(config), config).learnHorizon(pair.horizonInput(HORIZON));
  const { document, products, explainedRows: explained, models, fates } = outcome;
  const name = 'mkt_regime.left * mkt_regime.right';

  it('is a column of the models, ranked and explained among the others', () => {
    expect(products.map((product) => product.name)).toContain(name);
    expect(document.features.products).toBe(products.length);
    expect(explained!.features[0]).toBe(name);
    const retained = fates.filter(({ status }) => status === 'RETAINED');
    const ranks = [...retained, ...products].map(({ rank }) => rank!);
    expect(ranks.toSorted((a, b) => a - b)).toEqual(ranks.map((_, k) => k + 1));
    expect(document.shap!.top[0]!.feature).toBe(name);
    expect(document.shap!.top[0]!.dependence.length).toBeGreaterThan(4);
  });

  it('tells the direction where neither feature does', () => {
    expect(document.final.direction.auc.low).toBeGreaterThan(0.5);
  });

  it('predicts from the values of both features what the trainer predicted', () => {
    const values = models!.features.map((column) => Float64Array.from(pair.features[column]!.values));
    const columns = [
      ...values,
      ...models!.products.map(({ parts }) =>
        multipliedColumn(
          parts.map((part) => productSteps(part, false)),
          parts.map(({ column }) => Float64Array.from(pair.features[column]!.values)),
        ),
      ),
    ];
    const names = columns.map((_, column) => `c${column}`);
    const rows = Uint32Array.from(pair.bar.keys());
    const raw = (model: string) => {
      const { trees } = models!.models.find((each) => each.name === model)!;
      return predictValues(readLightGbmText(modelText(trees, names, () => false)).booster, columns, rows);
    };
    const { persistence, bar } = pair;
    const known = new Float64Array(rows.length);
    const { logOdds } = applyModels(models!.description, raw, { known, persistence, bar });
    const { slope, intercept } = models!.description.direction.calibration as {
      slope: number;
      intercept: number;
    };
    const rowOf = new Map(Array.from(pair.time, (time, row) => [time, row]));
    explained!.time.forEach((time, k) => {
      const expected = explained!.outputs[0]!.prediction[k]!;
      expect(slope * logOdds[rowOf.get(time)!]! + intercept).toBeCloseTo(expected, 9);
    });
  });
});
