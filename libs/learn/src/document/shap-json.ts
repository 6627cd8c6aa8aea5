import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import type { KnownName } from '../explain/additive-output.js';
import { type ExplainedOutput, type Explanation, keptColumn } from '../explain/explain-horizon.js';
import type { LearnedHorizon } from '../horizon/learn-horizon.js';
import { BOOSTER_NAMES, type DirectionName } from '../models/model-registry.js';
import { jsonNumber } from './estimate-json.js';

export interface ShapJson {
  readonly method: string;
  readonly backgroundRows: number | null;
  readonly unit: 'log-odds';
  readonly basis: 'stack' | 'boosters';
  readonly calibrated: boolean;
  readonly baseValue: number;
  readonly known: KnownPartJson;
  readonly boosterWeights: { readonly [name in DirectionName]?: number };
  readonly rowsExplained: number;
  readonly rowsWanted: number;
  readonly rowsWantedMet: boolean;
  readonly maxAdditivityError: number;
  readonly rowsPermuted: number;
  readonly features: readonly (ShapFeatureJson & {
    readonly importance: number;
    readonly permutation: number;
    /** The same fold by fold, in order of time; null where the fold's models do not use the feature. */
    readonly byFold: readonly (number | null)[];
  })[];
  readonly top: readonly { readonly feature: string; readonly dependence: readonly DependenceGroupJson[] }[];
  readonly sample: { readonly rows: number; readonly features: readonly SampledFeatureJson[] };
  readonly interactions: {
    readonly rows: number;
    readonly pairs: readonly { readonly features: readonly [string, string]; readonly meanAbs: number }[];
  } | null;
  readonly value: ShapValueJson | null;
}

/** Of the predicted value of the target. */
export interface ShapValueJson {
  readonly unit: string;
  readonly baseValue: number;
  readonly known: KnownPartJson;
  readonly maxAdditivityError: number;
  readonly features: readonly ShapFeatureJson[];
}

export interface KnownPartJson {
  readonly name: KnownName;
  readonly meanAbs: number;
}

export interface ShapFeatureJson {
  readonly feature: string;
  readonly rank: number;
  readonly meanAbs: number;
  /** Mean |SHAP| of each model on its own, by its name. */
  readonly models: Readonly<Record<string, number>>;
}

/** Rows of neighbouring values of a feature, or those without one. */
export interface DependenceGroupJson {
  readonly missing?: true;
  readonly rows: number;
  readonly meanValue?: number | null;
  readonly meanShap: number | null;
}

/** A feature's values (null: missing) and SHAP values in the rows of the sample. */
export interface SampledFeatureJson {
  readonly feature: string;
  readonly values: readonly (number | null)[];
  readonly shap: readonly number[];
}

/** Groups of the value axis in a dependence summary. */
const DEPENDENCE_GROUPS = 10;

/** Features and rows that are shown one by one; figures of theirs are rounded to so many digits. */
const SAMPLE_FEATURES = 10;
const SAMPLE_ROWS = 200;
const SAMPLE_DIGITS = 4;
/** Of a double. */
const MOST_DIGITS = 17;

/** What the result document says about SHAP; null when no feature was retained. */
export function shapJson(
  { pair, config }: { pair: PairInput; config: LearnConfig },
  learned: LearnedHorizon,
): ShapJson | null {
  const { explanation, ranking, permutation, columns, final, crossFit } = learned;
  if (!explanation || !ranking || !permutation || !final) return null;
  const { minRows, topFeatures, method, background } = config.explain;
  const { rows } = explanation;
  const [direction, value] = explanation.outputs;
  const featureId = (column: number) => columns[column]!.name;
  const representatives = (column: number) =>
    columns[column]!.product?.representatives ?? pair.matrix.representatives(columns[column]!.column);
  const top = ranking.order.slice(0, topFeatures);
  return {
    method: `${method} TreeSHAP, exact`,
    backgroundRows:
      method === 'interventional' ? Math.min(background, learned.segments.development.length) : null,
    unit: 'log-odds',
    basis: ranking.basis,
    calibrated: crossFit.calibrator.linear !== undefined,
    baseValue: direction!.baseValue,
    known: { name: direction!.output.known.name, meanAbs: direction!.knownMeanAbs },
    boosterWeights: Object.fromEntries(
      BOOSTER_NAMES.map((growth, b) => [growth, crossFit.stack.weights[b]!]),
    ),
    rowsExplained: rows.length,
    rowsWanted: minRows,
    rowsWantedMet: rows.length >= minRows,
    maxAdditivityError: direction!.maxAdditivityError,
    rowsPermuted: permutation.rows,
    features: ranking.order.map((column) => ({
      feature: featureId(column),
      rank: ranking.rank[column]!,
      meanAbs: ranking.shapMeanAbs[column]!,
      importance: ranking.importance[column]!,
      permutation: permutation.lossGain[column]!,
      byFold: Array.from(permutation.byFold[column]!, jsonNumber),
      models: Object.fromEntries(direction!.models.map(({ name, meanAbs }) => [name, meanAbs[column]!])),
    })),
    top: top.map((column) => ({
      feature: featureId(column),
      dependence: dependenceJson(representatives(column), column, direction!),
    })),
    sample: sampleJson(explanation, top.slice(0, SAMPLE_FEATURES), (column) => ({
      feature: featureId(column),
      byBin: representatives(column),
      bins: columns[column]!.product?.bins ?? pair.matrix.readColumn(columns[column]!.column),
    })),
    interactions: learned.shapInteractions && {
      rows: learned.shapInteractions.rows,
      pairs: learned.shapInteractions.sizes.map(({ columns, meanAbs }) => ({
        features: [featureId(columns[0]), featureId(columns[1])],
        meanAbs,
      })),
    },
    value: value ? valueJson(value, featureId) : null,
  };
}

/** SHAP of the value models: what they contribute to the predicted value of the target. */
function valueJson(value: ExplainedOutput, featureId: (column: number) => string): ShapValueJson {
  const order = [...value.features.keys()].sort((i, j) => value.features[j]! - value.features[i]! || i - j);
  return {
    unit: value.output.unit,
    baseValue: value.baseValue,
    known: { name: value.output.known.name, meanAbs: value.knownMeanAbs },
    maxAdditivityError: value.maxAdditivityError,
    features: order.map((column, k) => ({
      feature: featureId(column),
      rank: k + 1,
      meanAbs: value.features[column]!,
      models: Object.fromEntries(value.models.map(({ name, meanAbs }) => [name, meanAbs[column]!])),
    })),
  };
}

interface SampledColumn {
  readonly feature: string;
  readonly byBin: Float64Array;
  readonly bins: Uint8Array;
}

/** Values and SHAP values of some rows, evenly spread over time, for pictures. */
function sampleJson(
  { keptRows, outputs }: Explanation,
  columns: readonly number[],
  describe: (column: number) => SampledColumn,
): ShapJson['sample'] {
  const count = Math.min(SAMPLE_ROWS, keptRows.length);
  const positions = Array.from({ length: count }, (_, k) => Math.floor((k * keptRows.length) / count));
  const shapOf = keptColumn(outputs[0]!);
  const rounded = (number: number, digits = SAMPLE_DIGITS) => Number(number.toPrecision(digits)) + 0;
  return {
    rows: count,
    features: columns.map((column): SampledFeatureJson => {
      const { feature, byBin, bins } = describe(column);
      const shap = shapOf(column);
      const digits = SAMPLE_DIGITS + commonDigits(byBin);
      return {
        feature,
        values: positions.map((position) =>
          jsonNumber(rounded(byBin[bins[keptRows[position]!]!]!, Math.min(MOST_DIGITS, digits))),
        ),
        shap: positions.map((position) => rounded(shap[position]!)),
      };
    }),
  };
}

/** Leading digits that all values share, about: those that tell them apart come after. */
function commonDigits(values: Float64Array): number {
  const known = values.filter(Number.isFinite);
  const least = known.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = known.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const size = Math.max(Math.abs(least), Math.abs(most));
  return most > least ? Math.max(0, Math.floor(Math.log10(size) - Math.log10(most - least))) : 0;
}

/**
 * How a feature's SHAP value in the stack depends on its value: mean SHAP over groups of neighbouring bins
 * of (nearly) equally many rows, and over rows where the feature is missing.
 *
 * @param representative what each bin of the feature stands for
 */
export function dependenceJson(
  representative: Float64Array,
  column: number,
  explanation: ExplainedOutput,
): DependenceGroupJson[] {
  const sums = explanation.sumByBin[column]!;
  const counts = explanation.rowsByBin[column]!;
  const groups: DependenceGroupJson[] = [];
  if (counts[0]! > 0)
    groups.push({ missing: true, rows: counts[0]!, meanShap: jsonNumber(sums[0]! / counts[0]!) });
  const valued = explanation.prediction.length - counts[0]!;
  let group = emptyGroup();
  let seen = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    group.rows += counts[bin]!;
    group.shap += sums[bin]!;
    if (Number.isFinite(representative[bin])) {
      group.valued += counts[bin]!;
      group.value += (representative[bin]! - group.value) * (counts[bin]! / group.valued);
    }
    seen += counts[bin]!;
    const quota = (valued * (groups.filter((known) => !known.missing).length + 1)) / DEPENDENCE_GROUPS;
    if (seen < quota && seen < valued) continue;
    groups.push({
      rows: group.rows,
      meanValue: jsonNumber(group.valued > 0 ? group.value : Number.NaN),
      meanShap: jsonNumber(group.shap / group.rows),
    });
    group = emptyGroup();
  }
  return groups;
}

function emptyGroup() {
  return { rows: 0, valued: 0, value: 0, shap: 0 };
}
