import { baseRateLogOdds } from '../baselines/fitted-log-odds.js';
import { fitOverlap } from '../baselines/overlap-logistic.js';
import type { BoosterParts } from '../boosting/booster.js';
import { createBooster } from '../boosting/create-booster.js';
import { writeLightGbmText } from '../boosting/lightgbm-text.js';
import type { Calibrator } from '../calibration/calibrator.js';
import type { ModelColumn, ScoredPart } from '../interactions/product-columns.js';
import type { TrainedModel } from '../models/model-entry.js';
import { DIRECTION_MODELS, type ModelName } from '../models/model-registry.js';
import type { CrossFitStack } from '../stacking/cross-fit-stack.js';
import type { FinalModels } from '../stacking/final-models.js';
import { type ModelContext, retainedMatrix } from '../training/model-context.js';
import type { ProductPartSteps } from './apply-models.js';
import { thresholdOfUnrounded } from './float32-threshold.js';
import { linearTrees } from './linear-trees.js';
import type { BaseModel, Calibration, ModelDescription } from './model-description.js';

/** The models that give the value, a half each. */
const VALUE_MODELS = ['value', 'ridge'] as const;

/** A column that is the product of two features' scores. */
export interface ExportedProduct {
  readonly name: string;
  readonly parts: readonly ScoredPart[];
}

/** The final models of a horizon, apart from the memory they were trained in. */
export interface ExportedModels {
  /** Positions of the retained features among the pair's: the first columns of the models. */
  readonly features: readonly number[];
  /** Products of two features: the columns after those. */
  readonly products: readonly ExportedProduct[];
  readonly models: readonly { readonly name: ModelName; readonly trees: BoosterParts }[];
  readonly description: ModelDescription;
}

/**
 * Takes the final models out of a horizon that was learned; all of them become sums of trees.
 *
 * @param columns of the matrix
 * @param development rows the final models were fitted on
 * @returns null when no feature was retained
 */
export function exportModels(
  context: ModelContext,
  { final, crossFit }: { readonly final: FinalModels | null; readonly crossFit: CrossFitStack },
  { columns, development }: { columns: readonly ModelColumn[]; development: Uint32Array },
): ExportedModels | null {
  if (!final) return null;
  const { stack, calibrator } = crossFit;
  const { data } = context;
  const names: readonly ModelName[] = [...DIRECTION_MODELS, ...VALUE_MODELS];
  return {
    features: columns.filter(({ product }) => !product).map(({ column }) => column),
    products: columns.flatMap(({ name, product }) => (product ? [{ name, parts: product.scored }] : [])),
    models: names.map((name) => ({ name, trees: treesOf(context, name, final.models[name], development) })),
    description: {
      direction: {
        models: DIRECTION_MODELS,
        intercept: stack.intercept,
        baseWeight: stack.baseWeight,
        weights: stack.weights,
        calibration: calibrationOf(calibrator),
      },
      base: baseOf(context, development),
      value: {
        models: VALUE_MODELS,
        weights: [0.5, 0.5],
        addsKnownPart: data.knownAvailable && data.geometry.horizon < data.geometry.targetWindow,
      },
    },
  };
}

/** Steps of a product's feature. @param isFloat32 whether learning saw its values rounded to float32 */
export function productSteps({ bounds, scores }: ScoredPart, isFloat32: boolean): ProductPartSteps {
  return { bounds: isFloat32 ? bounds.map(thresholdOfUnrounded) : bounds, scores };
}

/**
 * A model in LightGBM's text format.
 *
 * @param names of the features, as {@link textName} makes them
 * @param isFloat32 whether learning saw the values of the feature in this column rounded to float32: thresholds are then
 *   those of the values as they were
 */
export function modelText(
  parts: BoosterParts,
  names: readonly string[],
  isFloat32: (column: number) => boolean,
): string {
  const trees = parts.trees.map((tree) => ({
    ...tree,
    threshold: tree.threshold.map((threshold, node) =>
      isFloat32(tree.column[node]!) ? thresholdOfUnrounded(threshold) : threshold,
    ),
  }));
  return writeLightGbmText(createBooster({ ...parts, trees }), names);
}

/** A feature's name in a text, which has no room for white space: that is percent-encoded, as are percent signs. */
export function textName(feature: string): string {
  return feature.replaceAll(/[\s%]/gu, (character) => encodeURIComponent(character));
}

function treesOf(
  context: ModelContext,
  name: ModelName,
  { booster, linear }: TrainedModel,
  fitRows: Uint32Array,
): BoosterParts {
  if (booster) return booster;
  return linearTrees({
    matrix: retainedMatrix(context),
    columns: context.linearColumns,
    fit: linear!,
    fitRows,
    objective: name === 'logistic' ? 'logistic' : 'squared',
  });
}

function baseOf({ data, config }: ModelContext, development: Uint32Array): BaseModel {
  return config.models.start === 'overlap'
    ? { name: 'overlap_logistic', ...fitOverlap(data, development) }
    : { name: 'base_rate', logOdds: baseRateLogOdds(data, development) };
}

function calibrationOf({ method, linear, steps }: Calibrator): Calibration {
  if (method === 'platt') return { method, ...linear! };
  return { method, from: [...steps!.from], probability: [...steps!.probability] };
}
