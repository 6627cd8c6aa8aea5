import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BoosterParts } from '../boosting/booster.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { BOOSTER_NAMES } from '../models/model-registry.js';
import { designOfBins } from '../regression/design-columns.js';
import type { LinearFit } from '../regression/linear-fit.js';
import type { CrossFitStack } from '../stacking/cross-fit-stack.js';
import type { FinalModels } from '../stacking/final-models.js';

/** What a prediction holds that no feature is needed for. */
export type KnownName = 'overlap_logistic' | 'base_rate' | 'known_part';

/**
 * A prediction that is a weighted sum of boosters, one linear model, and a part known without features:
 * constant + sum of scale * model + known. Its SHAP values are the same sum of theirs.
 */
export interface AdditiveOutput {
  readonly name: 'direction' | 'value';
  readonly unit: 'log-odds' | 'percent';
  readonly boosters: readonly {
    readonly name: string;
    readonly scale: number;
    readonly booster: BoosterParts;
  }[];
  readonly linear: { readonly name: string; readonly scale: number; readonly part: LinearPart };
  readonly constant: number;
  /** By row number, scaled; its own contribution, since it is no function of features. */
  readonly known: { readonly name: KnownName; readonly value: Float64Array; readonly mean: number };
}

export interface OutputInput {
  readonly matrix: BinnedMatrix;
  readonly linearColumns: readonly number[];
  readonly final: FinalModels;
  /** Rows the final models were fitted on. */
  readonly fitRows: Uint32Array;
  /** Rows that linear models and the known part are compared with. */
  readonly background: Uint32Array;
}

/**
 * The stack's log-odds of "up", calibrated where the calibrator is linear there (Platt):
 * slope * (intercept + w0 * start + sum of w_m * model m) + calibration intercept.
 */
export function directionOutput(
  { matrix, linearColumns, final, fitRows, background }: OutputInput,
  { stack, calibrator }: Pick<CrossFitStack, 'stack' | 'calibrator'>,
  start: LearnConfig['models']['start'],
): AdditiveOutput {
  const { slope, intercept } = calibrator.linear ?? { slope: 1, intercept: 0 };
  const { logistic } = final.models;
  const part = { matrix, columns: linearColumns, fit: logistic.linear!, fitRows, background };
  return {
    name: 'direction',
    unit: 'log-odds',
    boosters: BOOSTER_NAMES.map((name, m) => ({
      name,
      scale: slope * stack.weights[m]!,
      booster: final.models[name].booster!,
    })),
    linear: { name: 'logistic', scale: slope * stack.weights[BOOSTER_NAMES.length]!, part: linearPart(part) },
    constant: slope * stack.intercept + intercept,
    known: knownPart(
      start === 'overlap' ? 'overlap_logistic' : 'base_rate',
      final.margin.map((value) => slope * stack.baseWeight * value),
      background,
    ),
  };
}

/** The predicted value of the target, in percent: mean of booster and ridge regression, plus the known part. */
export function valueOutput(
  { matrix, linearColumns, final, fitRows, background }: OutputInput,
  data: HorizonData,
): AdditiveOutput {
  const { value, ridge } = final.models;
  const part = { matrix, columns: linearColumns, fit: ridge.linear!, fitRows, background };
  return {
    name: 'value',
    unit: 'percent',
    boosters: [{ name: 'booster', scale: 0.5, booster: value.booster! }],
    linear: { name: 'ridge', scale: 0.5, part: linearPart(part) },
    constant: 0,
    known: knownPart('known_part', data.known, background),
  };
}

function knownPart(name: KnownName, value: Float64Array, background: Uint32Array): AdditiveOutput['known'] {
  const sum = background.reduce((total, row) => total + value[row]!, 0);
  return { name, value, mean: sum / background.length };
}

/**
 * A linear model of binned features as what each bin contributes: its exact SHAP values (Lundberg & Lee 2017,
 * corollary 1), coefficient * (value - mean value over the background rows). Missing values count as the
 * model treats them, as the mean of the fitted rows.
 */
interface LinearPart {
  /** Mean of the model's output over the background rows. */
  readonly baseValue: number;
  readonly intercept: number;
  /** Matrix columns it uses. */
  readonly columns: readonly number[];
  /** By column: coefficient * design value of each bin. */
  readonly byBin: readonly Float64Array[];
  /** By column: mean of that over the background rows. */
  readonly mean: readonly number[];
}

interface LinearPartInput {
  readonly matrix: BinnedMatrix;
  /** Matrix columns, in the order of the coefficients. */
  readonly columns: readonly number[];
  readonly fit: LinearFit;
  /** Rows the model was fitted on. */
  readonly fitRows: Uint32Array;
  readonly background: Uint32Array;
}

function linearPart({ matrix, columns, fit, fitRows, background }: LinearPartInput): LinearPart {
  const byBin = columns.map((column, j) => {
    const coefficient = fit.coefficients[j]!;
    return designOfBins(matrix, column, fitRows).map((value) => coefficient * value);
  });
  const mean = columns.map((column, j) => {
    const bins = matrix.readColumn(column);
    return background.reduce((sum, row) => sum + byBin[j]![bins[row]!]!, 0) / background.length;
  });
  const baseValue = mean.reduce((sum, value) => sum + value, fit.intercept);
  return { baseValue, intercept: fit.intercept, columns, byBin, mean };
}
