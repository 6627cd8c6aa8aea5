import { GROUP_COLUMNS } from '../binning/binned-bytes.js';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import type { BoosterParts } from '../boosting/booster.js';
import { leafOf, type Tree } from '../boosting/tree.js';
import type { HorizonData } from '../data/horizon-data.js';
import { BOOSTER_NAMES } from '../models/model-registry.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import { designColumn } from '../regression/design-columns.js';
import type { LinearFit } from '../regression/linear-fit.js';
import type { Fold } from '../splits/walk-forward.js';
import { shadowOrder } from '../stability/shadow-target.js';
import { type Stack, stackLogOdds } from '../stacking/stack-log-odds.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type ModelContext, retainedMatrix } from '../training/model-context.js';
import type { OutOfFold } from '../training/out-of-fold.js';

/** Out-of-fold rows that importance is measured on at most, evenly spread. */
const MOST_ROWS = 4096;

export interface PermutationInput {
  readonly context: ModelContext;
  readonly folds: readonly Fold[];
  readonly outOfFold: OutOfFold;
  readonly stack: Stack;
  readonly seed: bigint;
  readonly onProgress: (fraction: number) => void;
}

export interface PermutationImportance {
  /** Out-of-fold rows it was measured on. */
  readonly rows: number;
  /** By column of the small matrix: log loss that the stack gains when the feature is permuted, nats a row. */
  readonly lossGain: Float64Array;
  /** The same by column and fold, in order of time; NaN where the fold's models do not use the feature. */
  readonly byFold: readonly Float64Array[];
}

interface PermutedFold {
  /** Number of the fold. */
  readonly fold: number;
  readonly train: Uint32Array;
  /** Matrix columns that its models use; undefined for all. */
  readonly columns: readonly number[] | undefined;
  /** Matrix columns that the logistic regression uses. */
  readonly linearColumns: readonly number[];
  /** Rows that are scored, and the row that each takes a permuted feature's value from. */
  readonly rows: Uint32Array;
  readonly sources: Uint32Array;
  readonly boosters: readonly BoosterParts[];
  readonly logistic: LinearFit;
  /** Of the stack at `rows`. */
  readonly logOdds: Float64Array;
}

interface Permuting {
  readonly matrix: BinnedMatrixHandle;
  readonly up: Float64Array;
  readonly weights: readonly number[];
  readonly folds: readonly PermutedFold[];
}

/** Sum over rows of the log loss gained, by column and fold. */
export const LOSS_OF_PERMUTED: PieceKind<Permuting, number, Float64Array> = {
  name: 'loss-of-permuted',
  compute: lossOfPermuted,
};

/**
 * Permutation importance (Breiman 2001) on out-of-fold rows: how much worse the stack predicts the test rows
 * of each fold, which its models have not seen, when one feature's values are exchanged between pieces of time
 * of the fold. Pieces are several dependence lengths long, so a permuted feature keeps its dependence on
 * itself and loses its relation to the target and to the other features.
 *
 * @throws CancelledError when asked to stop
 */
export function permutationImportance(input: PermutationInput): PermutationImportance {
  const { context, folds, outOfFold, stack, onProgress } = input;
  const { data, pool, isCancelled } = context;
  const retained = retainedMatrix(context);
  const matrix = context.folds?.matrix ?? retained;
  const random = seededRandom(subseed(input.seed, STREAM));
  const share = Math.min(1, MOST_ROWS / folds.reduce((sum, { test }) => sum + test.length, 0));
  const permuted = folds.flatMap(({ train, test }, k): PermutedFold[] => {
    const { base, added } = outOfFold.folds[k]!;
    const models = outOfFold.models[k];
    const order = shadowOrder({ rows: test, bar: data.bar, dependenceBars: dependenceBars(data) }, random);
    if (!models) return [];
    const taken = evenPositions(test.length, Math.ceil(share * test.length));
    const logOdds = stackLogOdds(stack, base, added);
    const fold = {
      fold: k,
      train,
      columns: context.folds?.columns[k]?.columns,
      linearColumns: context.folds?.columns[k]?.linearColumns ?? context.linearColumns,
      rows: taken.map((position) => test[position]!),
      sources: taken.map((position) => test[order[position]!]!),
      boosters: BOOSTER_NAMES.map((growth) => models[growth].booster!),
      logistic: models.logistic.linear!,
      logOdds: Float64Array.from(taken, (position) => logOdds[position]!),
    };
    return [fold];
  });
  const shared = {
    matrix: matrix.handle,
    up: data.up,
    weights: stack.weights,
    folds: permuted,
  };
  const columns = Array.from({ length: retained.columns }, (_, column) => column);
  const gains = pool.compute(LOSS_OF_PERMUTED, shared, columns, { isCancelled, onProgress });
  const rows = permuted.reduce((sum, fold) => sum + fold.rows.length, 0);
  const total = (gain: Float64Array) => gain.reduce((sum, one) => sum + one, 0);
  return {
    rows,
    lossGain: Float64Array.from(gains, (gain) => total(gain) / Math.max(1, rows)),
    byFold: gains.map((gain, column) => {
      const mean = new Float64Array(folds.length).fill(Number.NaN);
      permuted.forEach(({ fold, rows: own, columns }, k) => {
        if (!columns || columns.includes(column)) mean[fold] = gain[k]! / own.length;
      });
      return mean;
    }),
  };
}

function dependenceBars({ geometry }: HorizonData): number {
  return geometry.targetWindow + geometry.horizon;
}

function evenPositions(length: number, wanted: number): Uint32Array {
  return Uint32Array.from({ length: wanted }, (_, k) => Math.floor((k * length) / wanted));
}

function lossOfPermuted({ matrix: handle, up, weights, folds }: Permuting, column: number) {
  const matrix = openBinnedMatrix(handle);
  const bytes = new Uint8Array(matrix.memory.buffer);
  return Float64Array.from(folds, (fold) => {
    let gain = 0;
    const { rows, sources, logOdds, linearColumns } = fold;
    const position = linearColumns.indexOf(column);
    const change = new Float64Array(rows.length);
    fold.boosters.forEach((booster, b) => {
      const trees = booster.trees.filter((tree) => tree.column.includes(column));
      if (weights[b]! > 0 && trees.length > 0) {
        addTreeChange(change, { trees, matrix, bytes, column, rows, sources, weight: weights[b]! });
      }
    });
    if (position >= 0) {
      const slope = weights[BOOSTER_NAMES.length]! * fold.logistic.coefficients[position]!;
      const value = designColumn(matrix, column, fold.train);
      for (let k = 0; k < rows.length; k++) change[k]! += slope * (value[sources[k]!]! - value[rows[k]!]!);
    }
    for (let k = 0; k < rows.length; k++) {
      const sign = up[rows[k]!]! > 0.5 ? 1 : -1;
      gain += logLoss(sign * (logOdds[k]! + change[k]!)) - logLoss(sign * logOdds[k]!);
    }
    return gain;
  });
}

interface TreeChange {
  readonly trees: readonly Tree[];
  readonly matrix: BinnedMatrix;
  /** Of the matrix's memory. */
  readonly bytes: Uint8Array;
  readonly column: number;
  readonly rows: Uint32Array;
  readonly sources: Uint32Array;
  readonly weight: number;
}

/** Part of the seed that permuting takes. */
const STREAM = 3;

function addTreeChange(change: Float64Array, input: TreeChange): void {
  const { trees, matrix, bytes, column, rows, sources, weight } = input;
  for (const tree of trees) {
    const address = Array.from(tree.column, (of) => matrix.columnAddress(of));
    const leafValue = (row: number, source: number) => {
      const leaf = leafOf(tree, (node) => {
        const from = tree.column[node] === column ? source : row;
        const bin = bytes[address[node]! + GROUP_COLUMNS * from]!;
        return bin === 0 ? tree.missingLeft[node] === 1 : bin <= tree.bin![node]!;
      });
      return tree.leafValue[leaf]!;
    };
    for (let k = 0; k < rows.length; k++) {
      change[k]! += weight * (leafValue(rows[k]!, sources[k]!) - leafValue(rows[k]!, rows[k]!));
    }
  }
}

/** Log loss of a call with the given log-odds of being right: log(1 + exp(-x)), without overflow. */
function logLoss(logOdds: number): number {
  return Math.log1p(Math.exp(-Math.abs(logOdds))) + Math.max(0, -logOdds);
}
