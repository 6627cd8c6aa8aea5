import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import { partScores } from './value-scores.js';

/** How a feature enters a product: by its value, or by its size, how far the value is from the middle. */
export type PartKind = 'value' | 'size';

/** Two features and how each enters their product. */
export interface Product {
  /** Matrix columns, ascending; equal ones only where one enters by value and one by size. */
  readonly columns: readonly [number, number];
  readonly parts: readonly [PartKind, PartKind];
}

/** A feature of a product as a function of its values: a score for every bin. */
export interface ScoredPart {
  readonly column: number;
  readonly of: PartKind;
  /** Ascending upper bounds, inclusive, of all bins but the last. */
  readonly bounds: Float64Array;
  /** One a bin of values; a missing value has none, and then the product is missing. */
  readonly scores: Float64Array;
}

/** A product of two features as a column that models use, apart from any matrix. */
export interface ProductColumn extends Product {
  readonly scored: readonly [ScoredPart, ScoredPart];
  /** The bin of every row, and what each stands for. */
  readonly bins: Uint8Array;
  readonly representatives: Float64Array;
}

/** A column of the final models: a retained feature, or a retained product of two. */
export interface ModelColumn {
  readonly name: string;
  /** Position among the pair's features; products come after all of them, in the order of the columns. */
  readonly column: number;
  readonly product: ProductColumn | null;
}

/** Tells products apart. */
export function productKey({ columns, parts }: Product): string {
  return `${columns[0]} ${parts[0]} ${columns[1]} ${parts[1]}`;
}

/** `a * b`, sizes between bars: `a * |b|`. */
export function productName({ columns, parts }: Product, featureIds: readonly string[]): string {
  return columns
    .map((column, k) => (parts[k] === 'size' ? `|${featureIds[column]!}|` : featureIds[column]!))
    .join(' * ');
}

/**
 * Products as a matrix of their own: the scores that the test for interactions multiplies, times each other. Scores and
 * bounds come of the leading rows only, as all bins do.
 *
 * @param fitRows leading rows that bounds are fitted on
 */
export function productMatrix(
  matrix: BinnedMatrix,
  products: readonly Product[],
  fitRows: number,
): { readonly matrix: BinnedMatrix; readonly columns: readonly ProductColumn[] } {
  const builder = new BinnedMatrixBuilder(matrix.rows, products.length, { bins: matrix.bins, fitRows });
  const scored = products.map(({ columns, parts }, position) => {
    const [first, second] = [0, 1].map((side) => scoredPart(matrix, columns[side]!, parts[side]!, fitRows));
    const values = Float64Array.from(first!.byRow, (score, row) => score * second!.byRow[row]!);
    builder.addColumn(position, values);
    return [first!.part, second!.part] as const;
  });
  const built = builder.finish();
  return {
    matrix: built,
    columns: products.map((product, position) => ({
      ...product,
      scored: scored[position]!,
      bins: built.readColumn(position),
      representatives: built.representatives(position),
    })),
  };
}

function scoredPart(matrix: BinnedMatrix, column: number, of: PartKind, fitRows: number) {
  const bins = matrix.readColumn(column);
  const counts = new Float64Array(matrix.bins);
  for (let row = 0; row < fitRows; row++) counts[bins[row]!]! += 1;
  const scores = partScores(counts, of);
  const part: ScoredPart = {
    column,
    of,
    bounds: matrix.bounds(column),
    scores: scores.subarray(1, 1 + matrix.valueBins(column)),
  };
  return { part, byRow: Float64Array.from(bins, (bin) => (bin === 0 ? Number.NaN : scores[bin]!)) };
}
