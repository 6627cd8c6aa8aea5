import { describe, expect, it } from 'vitest';
import { createBooster } from '../boosting/create-booster.js';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { logLossByRow } from '../metrics/direction-metrics.js';
import { BOOSTER_NAMES } from '../models/model-registry.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { designColumns } from '../regression/design-columns.js';
import { predictLinear } from '../regression/linear-fit.js';
import { protocolSegments } from '../splits/protocol-segments.js';
import { shadowOrder } from '../stability/shadow-target.js';
import { stackLogOdds } from '../stacking/stack-log-odds.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { callingThread } from '../threads/work-pool.js';
import { outOfFold } from '../training/out-of-fold.js';
import { permutationImportance } from './permutation-importance.js';

const pair = simulatePair({ seed: 71n, rows: 2500, spacing: 8, noiseFeatures: 3, effect: 0.4 });
const config = resolveLearnConfig('quick', { 'models.leaf.rounds': '15', 'models.level.rounds': '15' });
const input = pair.horizonInput(45);
const geometry = { horizon: 45, targetWindow: 45 };
const data = horizonData({ geometry, ...input, bar: pair.bar, persistence: pair.persistence });
const { folds } = protocolSegments({ bar: pair.bar, geometry, usable: data.usable, config });
const { matrix } = pair.pairInput(config);
const context = {
  matrix,
  linearColumns: [0, 5, 6, 7],
  folds: null,
  data,
  config,
  seed: 1n,
  isCancelled: () => false,
  pool: callingThread,
};
const trained = outOfFold(context, folds);
const stack = { intercept: 0.01, baseWeight: 1, weights: [0.4, 0.3, 0.2, 0.5] };
const task = { context, folds, outOfFold: trained, stack, onProgress: () => undefined };
const columnOf = (id: string) => pair.features.findIndex((feature) => feature.id === id);

describe('permutationImportance', () => {
  it('is large for what the target was made of and about nothing for noise', () => {
    const { lossGain, rows } = permutationImportance({ ...task, seed: 5n });
    expect(rows).toBe(folds.reduce((sum, { test }) => sum + test.length, 0));
    const [flow, average] = ['mkt_flow.flow', 'mkt_flow.flow_ma'].map((id) => lossGain[columnOf(id)]!);
    expect(Math.max(flow!, average!)).toBeGreaterThan(0.01);
    for (const noise of [0, 1, 2]) {
      expect(Math.abs(lossGain[columnOf(`agg_eurusd.noise_${noise}`)]!)).toBeLessThan(0.005);
    }
  });

  it('is what predicting from really permuted columns gives', () => {
    const { lossGain, rows } = permutationImportance({ ...task, seed: 5n });
    const random = seededRandom(subseed(5n, 3));
    const orders = folds.map(({ test }) =>
      shadowOrder({ rows: test, bar: data.bar, dependenceBars: 90 }, random),
    );
    for (const column of [0, columnOf('mkt_flow.flow_ma'), 8, 9]) {
      const values = pair.features[column]!.values.slice();
      folds.forEach(({ test }, k) => {
        test.forEach((row, position) => {
          values[row] = pair.features[column]!.values[test[orders[k]![position]!]!]!;
        });
      });
      // The same values in another order: the same bins, so that models of the one fit the other.
      const features = pair.features.map((feature, f) => (f === column ? { ...feature, values } : feature));
      const permuted = pair.pairInput(config, features).matrix;
      const gained = folds.map(({ train, test }, k) => {
        const { base, added } = trained.folds[k]!;
        const models = trained.models[k]!;
        const design = designColumns(permuted, context.linearColumns, train);
        const changed = [
          ...BOOSTER_NAMES.map((growth) => createBooster(models[growth].booster!).predictRaw(permuted, test)),
          predictLinear(models.logistic.linear!, design, test),
        ];
        return loss(k, stackLogOdds(stack, base, changed)) - loss(k, stackLogOdds(stack, base, added));
      });
      const brute = gained.reduce((sum, value) => sum + value, 0) / rows;
      // Linear models standardise over training rows, a few of which are purged from between the permuted.
      const tolerance = context.linearColumns.includes(column)
        ? 0.005 * Math.max(0.01, Math.abs(brute))
        : 1e-10;
      expect(Math.abs(lossGain[column]! - brute)).toBeLessThan(tolerance);
    }
  });

  it('is told fold by fold, which shows whether a feature helped all the time', () => {
    const { lossGain, byFold, rows } = permutationImportance({ ...task, seed: 5n });
    const column = columnOf('mkt_flow.flow_ma');
    const sum = folds.reduce((total, { test }, k) => total + test.length * byFold[column]![k]!, 0);
    expect(sum / rows).toBeCloseTo(lossGain[column]!, 12);
    expect([...byFold[column]!].every((gain) => gain > 0)).toBe(true);
  });

  it('is zero for a stack that gives the models no weight', () => {
    const none = { ...stack, weights: [0, 0, 0, 0] };
    const { lossGain } = permutationImportance({ ...task, stack: none, seed: 5n });
    expect([...lossGain]).toEqual(new Array(pair.features.length).fill(0));
  });
});

function loss(fold: number, logOdds: Float64Array): number {
  const label = Float64Array.from(folds[fold]!.test, (row) => data.up[row]!);
  return logLossByRow(logOdds.map(sigmoid), label).reduce((sum, value) => sum + value, 0);
}
