import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BoosterParts } from '../boosting/booster.js';
import type { Tree } from '../boosting/tree.js';
import { designOfBins } from '../regression/design-columns.js';
import type { LinearFit } from '../regression/linear-fit.js';

export interface LinearTreesInput {
  readonly matrix: BinnedMatrix;
  /** Matrix columns, in the order of the coefficients. */
  readonly columns: readonly number[];
  readonly fit: LinearFit;
  /** Rows the model was fitted on. */
  readonly fitRows: Uint32Array;
  readonly objective: 'logistic' | 'squared';
}

/**
 * A linear model of binned features as a sum of trees, one a feature: each is a step function of its feature, so a
 * balanced tree over the bounds of the bins gives the same values, and whatever reads trees reads it too.
 */
export function linearTrees({ matrix, columns, fit, fitRows, objective }: LinearTreesInput): BoosterParts {
  const trees = columns.flatMap((column, j) => {
    const coefficient = fit.coefficients[j]!;
    if (coefficient === 0) return [];
    const value = designOfBins(matrix, column, fitRows).map((level) => coefficient * level);
    return [
      stepTree({ column, bounds: matrix.bounds(column), value, rows: rowsOfBins(matrix, column, fitRows) }),
    ];
  });
  return {
    trees,
    baseScore: fit.intercept,
    objective,
    columns: matrix.columns,
    fingerprint: matrix.fingerprint,
    validationLoss: [],
  };
}

interface Steps {
  readonly column: number;
  /** Upper bounds, inclusive, of all bins but the last. */
  readonly bounds: Float64Array;
  /** By bin; bin 0 is for missing values. */
  readonly value: Float64Array;
  readonly rows: Uint32Array;
}

/** The root sends missing values right, to a leaf of their own; below it bins are halved. */
function stepTree({ column, bounds, value, rows }: Steps): Tree {
  const bin: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const nodeRows: number[] = [];
  const open = (upTo: number, bound: number, count: number): number => {
    left.push(0);
    right.push(0);
    nodeRows.push(count);
    threshold.push(bound);
    return bin.push(upTo) - 1;
  };
  const rowsOf = (first: number, last: number) =>
    rows.subarray(first, last + 1).reduce((sum, n) => sum + n, 0);
  const last = bounds.length + 1;
  const leaf = (of: number) => ~of;
  const grow = (first: number, end: number): number => {
    if (first === end) return leaf(first);
    const middle = (first + end) >> 1;
    const node = open(middle, bounds[middle - 1]!, rowsOf(first, end));
    left[node] = grow(first, middle);
    right[node] = grow(middle + 1, end);
    return node;
  };
  const root = open(last, Number.POSITIVE_INFINITY, rowsOf(0, last));
  left[root] = grow(1, last);
  right[root] = leaf(0);
  const inner = bin.length;
  return {
    column: new Int32Array(inner).fill(column),
    bin: Uint8Array.from(bin),
    threshold: Float64Array.from(threshold),
    missingLeft: new Uint8Array(inner),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    gain: new Float64Array(inner),
    nodeRows: Float64Array.from(nodeRows),
    leafRows: Float64Array.from(rows.subarray(0, last + 1)),
    leafValue: Float64Array.from(value.subarray(0, last + 1)),
  };
}

function rowsOfBins(matrix: BinnedMatrix, column: number, fitRows: Uint32Array): Uint32Array {
  const bins = matrix.readColumn(column);
  const counts = new Uint32Array(matrix.bins);
  for (const row of fitRows) counts[bins[row]!]!++;
  return counts;
}
