import {
  type AdditiveOutput,
  directionOutput,
  type OutputInput,
  valueOutput,
} from '../explain/additive-output.js';
import { type Explanation, explainHorizon } from '../explain/explain-horizon.js';
import { type FeatureRanking, rankFeatures } from '../explain/feature-ranking.js';
import { type InteractionSize, interactionSizes } from '../explain/interaction-summary.js';
import { type PermutationImportance, permutationImportance } from '../explain/permutation-importance.js';
import type { LearnHooks } from '../progress/learn-hooks.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import type { FinalModels } from '../stacking/final-models.js';
import { type ModelContext, retainedMatrix } from '../training/model-context.js';
import type { Modelled } from './model-stage.js';

/** What the explain stage finds; all null when no feature was retained. */
export interface Explained {
  readonly explanation: Explanation | null;
  readonly ranking: FeatureRanking | null;
  readonly permutation: PermutationImportance | null;
  /** Of pairs of the best features; null when not asked for. */
  readonly shapInteractions: { readonly rows: number; readonly sizes: readonly InteractionSize[] } | null;
}

/** Share of the stage that goes into SHAP; for progress only. */
const SHAP_PART = 0.8;

/** Rows whose values the document shows one by one. */
const SAMPLE_ROWS = 200;

/** Best features whose pairs are looked at. */
const INTERACTION_FEATURES = 10;

/** The prediction that was scored and the one that was explained may differ by rounding only. */
const PREDICTION_TOLERANCE = 1e-9;

/**
 * Explains the final models on all rows with a target (or fewer, `explain.rows`) and measures permutation
 * importance on out-of-fold rows.
 *
 * @throws Error when SHAP values do not add up to the prediction that was scored
 * @throws CancelledError when asked to stop
 */
export function explainStage(
  context: ModelContext,
  modelled: Modelled,
  segments: ProtocolSegments,
  hooks: LearnHooks,
): Explained {
  const { final, outOfFold, crossFit } = modelled;
  if (!final) {
    return { explanation: null, ranking: null, permutation: null, shapInteractions: null };
  }
  const { usable } = context.data;
  const { rows: wanted, method, background: wantedBackground, export: exported } = context.config.explain;
  const { development } = segments;
  const background = method === 'interventional' ? evenlySpread(development, wantedBackground) : undefined;
  const rows = evenlySpread(usable, wanted || usable.length);
  const positions = Uint32Array.from(rows.keys());
  const explanation = explainHorizon({
    context,
    outputs: outputsOf(context, modelled, final, { development, background: background ?? development }),
    background,
    rows,
    kept: exported === 'yes' ? positions : evenlySpread(positions, SAMPLE_ROWS),
    onProgress: (fraction) => hooks.onProgress?.('explain', SHAP_PART * fraction),
  });
  checkScored(explanation, segments.final, modelled);
  const permutation = permutationImportance({
    context,
    folds: segments.folds,
    outOfFold,
    stack: crossFit.stack,
    seed: context.seed,
    onProgress: (fraction) => hooks.onProgress?.('explain', SHAP_PART + (1 - SHAP_PART) * fraction),
  });
  const ranking = rankFeatures(final.models, explanation);
  const shapInteractions = interactionsOf(context, explanation, ranking);
  return { explanation, ranking, permutation, shapInteractions };
}

function interactionsOf(
  context: ModelContext,
  { rows, outputs }: Explanation,
  { order }: FeatureRanking,
): Explained['shapInteractions'] {
  const { interactionRows } = context.config.explain;
  if (interactionRows === 0) return null;
  const explained = evenlySpread(rows, interactionRows);
  const sizes = interactionSizes(
    context,
    outputs[0]!.output,
    order.slice(0, INTERACTION_FEATURES),
    explained,
  );
  return { rows: explained.length, sizes };
}

function outputsOf(
  context: ModelContext,
  { crossFit }: Modelled,
  final: FinalModels,
  { development, background }: { development: Uint32Array; background: Uint32Array },
): AdditiveOutput[] {
  const { data, config, linearColumns } = context;
  const input: OutputInput = {
    matrix: retainedMatrix(context),
    linearColumns,
    final,
    fitRows: development,
    background,
  };
  const direction = directionOutput(input, crossFit, config.models.start);
  return config.explain.value === 'yes' ? [direction, valueOutput(input, data)] : [direction];
}

/** What was explained must be what was scored. */
function checkScored(explanation: Explanation, finalRows: Uint32Array, { final, crossFit }: Modelled): void {
  const { slope, intercept } = crossFit.calibrator.linear ?? { slope: 1, intercept: 0 };
  const { prediction } = explanation.outputs[0]!;
  const scored = new Map(Array.from(finalRows, (row, k) => [row, slope * final!.logOdds[k]! + intercept]));
  explanation.rows.forEach((row, k) => {
    const expected = scored.get(row);
    if (expected === undefined) return;
    if (!(Math.abs(prediction[k]! - expected) <= PREDICTION_TOLERANCE * Math.max(1, Math.abs(expected)))) {
      throw new Error(`row ${row} was explained as ${prediction[k]} and scored as ${expected}`);
    }
  });
}

function evenlySpread(rows: Uint32Array, wanted: number): Uint32Array {
  if (wanted >= rows.length) return rows;
  return Uint32Array.from({ length: wanted }, (_, k) => rows[Math.floor((k * rows.length) / wanted)]!);
}
