import { describe, expect, it } from 'vitest';
import { createBooster } from '../boosting/create-booster.js';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { BOOSTER_NAMES } from '../models/model-registry.js';
import { logit } from '../numeric/sigmoid.js';
import { designColumns } from '../regression/design-columns.js';
import { predictLinear } from '../regression/linear-fit.js';
import { shapInteractions } from '../shap/interaction-shap.js';
import { treeShap } from '../shap/tree-shap.js';
import { protocolSegments } from '../splits/protocol-segments.js';
import { crossFitStack } from '../stacking/cross-fit-stack.js';
import { finalModels } from '../stacking/final-models.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { callingThread } from '../threads/work-pool.js';
import { outOfFold } from '../training/out-of-fold.js';
import { directionOutput, valueOutput } from './additive-output.js';
import { explainHorizon, keptColumn } from './explain-horizon.js';
import { interactionSizes } from './interaction-summary.js';

const pair = simulatePair({ seed: 72n, rows: 2500, spacing: 8, noiseFeatures: 3, effect: 0.4 });
// Some values are missing: linear models take them for the mean.
const features = pair.features.map(({ id, values }, f) => ({
  id,
  values: values.map((value, row) => ((row + 3 * f) % 17 === 0 ? Number.NaN : value)),
}));
const config = resolveLearnConfig('quick', {
  'models.leaf.rounds': '12',
  'models.level.rounds': '12',
  'models.symmetric.rounds': '12',
  'models.value.rounds': '12',
  'stacking.priorBlocks': '0',
});
const horizonInput = pair.horizonInput(30);
const geometry = { horizon: 30, targetWindow: 45 };
const data = horizonData({ geometry, ...horizonInput, bar: pair.bar, persistence: pair.persistence });
const {
  folds,
  development,
  final: finalRows,
} = protocolSegments({
  bar: pair.bar,
  geometry,
  usable: data.usable,
  config,
});
const { matrix } = pair.pairInput(config, features);
const linearColumns = [0, 5, 6, 7];
const context = {
  matrix,
  linearColumns,
  folds: null,
  data,
  config,
  seed: 1n,
  isCancelled: () => false,
  pool: callingThread,
};
const oof = outOfFold(context, folds);
const crossFit = crossFitStack(oof.folds, data, config);
const final = finalModels(context, {
  development,
  final: finalRows,
  sizes: oof.sizes,
  crossFit,
  part: folds.length,
  onProgress: () => undefined,
});
const output = { matrix, linearColumns, final, fitRows: development, background: development };
const direction = directionOutput(output, crossFit, 'overlap');
const all = (length: number) => Uint32Array.from({ length }, (_, k) => k);

describe('explainHorizon', () => {
  const explanation = explainHorizon({
    context,
    outputs: [direction, valueOutput(output, data)],
    rows: finalRows,
    kept: all(finalRows.length),
  });
  const [stack, value] = explanation.outputs;
  const valuesOf = keptColumn(stack!);
  const sumOfRow = (k: number) => {
    const { value: known, mean } = stack!.output.known;
    const shap = Array.from({ length: matrix.columns }, (_, column) => valuesOf(column)[k]!);
    return shap.reduce((sum, own) => sum + own, stack!.baseValue + known[finalRows[k]!]! - mean);
  };

  it('adds up to the probability that is scored, the linear model and the baseline included', () => {
    expect(crossFit.stack.weights[BOOSTER_NAMES.length]).toBeGreaterThan(0);
    expect(crossFit.stack.baseWeight).toBeGreaterThan(0);
    for (let k = 0; k < finalRows.length; k += 37) {
      expect(sumOfRow(k)).toBeCloseTo(logit(final.probability[k]!), 9);
      expect(stack!.prediction[k]).toBeCloseTo(logit(final.probability[k]!), 9);
    }
    expect(stack!.maxAdditivityError).toBeLessThan(1e-12);
  });

  it('is the weighted sum of the models, one by one', () => {
    const slope = crossFit.calibrator.linear!.slope;
    const columns = designColumns(matrix, linearColumns, development);
    const { coefficients } = final.models.logistic.linear!;
    const trees = BOOSTER_NAMES.map((name) =>
      treeShap(createBooster(final.models[name].booster!), matrix, finalRows),
    );
    for (const column of [0, 5, 6, 8]) {
      const shap = valuesOf(column);
      const j = linearColumns.indexOf(column);
      const mean =
        j < 0 ? 0 : development.reduce((sum, row) => sum + columns[j]![row]!, 0) / development.length;
      for (const k of [0, 100, 333]) {
        let expected = trees.reduce(
          (sum, { values }, b) => sum + crossFit.stack.weights[b]! * values[column * finalRows.length + k]!,
          0,
        );
        if (j >= 0) {
          const own = coefficients[j]! * (columns[j]![finalRows[k]!]! - mean);
          expected += crossFit.stack.weights[BOOSTER_NAMES.length]! * own;
        }
        expect(shap[k]).toBeCloseTo(slope * expected, 10);
      }
    }
  });

  it('explains the value models with the known part beside the features', () => {
    const booster = createBooster(final.models.value.booster!).predictRaw(matrix, finalRows);
    const ridge = predictLinear(
      final.models.ridge.linear!,
      designColumns(matrix, linearColumns, development),
      finalRows,
    );
    for (const k of [0, 77, 300]) {
      const expected = (booster[k]! + ridge[k]!) / 2 + data.known[finalRows[k]!]!;
      expect(value!.prediction[k]).toBeCloseTo(expected, 10);
    }
    expect(value!.output.known.name).toBe('known_part');
    expect(value!.knownMeanAbs).toBeGreaterThan(0);
    expect(value!.maxAdditivityError).toBeLessThan(1e-12);
  });

  it('gives the same in whatever parts rows are explained', () => {
    const some = finalRows.filter((_, k) => k % 3 === 0);
    const part = explainHorizon({ context, outputs: [direction], rows: some, kept: Uint32Array.of(2, 9) });
    expect(part.keptRows).toEqual(Uint32Array.of(finalRows[6]!, finalRows[27]!));
    const whole = valuesOf(6);
    expect([...keptColumn(part.outputs[0]!)(6)]).toEqual([whole[6], whole[27]]);
  });

  it('compares with background rows when asked to (interventional)', () => {
    const background = development.filter((_, k) => k % 50 === 0);
    const against = directionOutput({ ...output, background }, crossFit, 'overlap');
    const task = { context, outputs: [against], rows: finalRows, background, kept: all(finalRows.length) };
    const [found] = explainHorizon(task).outputs;
    // The base value is the mean prediction over the background, so values there are zero on average.
    const there = explainHorizon({ ...task, rows: background, kept: all(0) }).outputs[0]!;
    const mean = there.prediction.reduce((sum, value) => sum + value, 0) / background.length;
    expect(found!.baseValue).toBeCloseTo(mean, 10);
    expect(found!.prediction).toEqual(stack!.prediction);
    expect(found!.features).not.toEqual(stack!.features);
  });

  it('measures interactions of pairs in the stack, as the sum of the boosters has them', () => {
    const rows = finalRows.slice(0, 12);
    const slope = crossFit.calibrator.linear!.slope;
    const all = BOOSTER_NAMES.map((name) =>
      shapInteractions(createBooster(final.models[name].booster!), matrix, rows),
    );
    const together = (k: number, i: number, j: number) =>
      all.reduce((sum, { columns, values }, b) => {
        const [line, other] = [columns.indexOf(i), columns.indexOf(j)];
        if (line < 0 || other < 0) return sum;
        const phi = values[(k * columns.length + line) * columns.length + other]!;
        return sum + 2 * slope * crossFit.stack.weights[b]! * phi;
      }, 0);
    const sizes = interactionSizes(context, direction, [6, 0, 5], rows);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.map(({ meanAbs }) => meanAbs)).toEqual(
      sizes.map(({ meanAbs }) => meanAbs).sort((a, b) => b - a),
    );
    for (const { columns, meanAbs } of sizes) {
      const expected = rows.reduce((sum, _, k) => sum + Math.abs(together(k, ...columns)), 0) / rows.length;
      expect(meanAbs).toBeCloseTo(expected, 12);
    }
  });

  it('refuses a prediction that the values do not add up to', () => {
    const part = { ...direction.linear.part, mean: direction.linear.part.mean.map((mean) => mean + 0.1) };
    const broken = { ...direction, linear: { ...direction.linear, part } };
    const task = { context, outputs: [broken], rows: finalRows, kept: all(0) };
    expect(() => explainHorizon(task)).toThrow(/sum to .*, its prediction is/);
  });
});
