import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { inflationOf, seriesCorrelation } from './dependence.js';
import { takeMeans } from './main-effects.js';
import { type ProductSpace, SCORE_UNIT } from './product-space.js';
import type { ProductTarget } from './product-target.js';

/** Sweeps of backfitting; features that are nearly duplicates need the most. */
const SWEEPS = 6;

/** The product of two features' scores, freed of everything that either feature says alone, on the rows with a target. */
export interface FreedProduct {
  readonly rows: Uint32Array;
  readonly values: Float64Array;
  /** How much wider dependence in time makes its sum with the target. */
  readonly inflation: number;
}

/** @param rows rows with a target inside the blocks, @param pair positions in the space */
export function freedProduct(
  { space, matrix, rows, target }: FreedInput,
  pair: readonly [number, number],
): FreedProduct {
  const arena = new Arena(matrix.memory);
  const values = new Float64Array(rows.length).fill(1);
  const bins = pair.map((position) => {
    const column = matrix.readColumn(space.columns[position]!);
    const table = arena.i16(space.tables + position * matrix.bins * 2, matrix.bins);
    const own = Uint8Array.from(rows, (row) => column[row]!);
    for (let k = 0; k < rows.length; k++) values[k]! *= table[own[k]!]! / SCORE_UNIT;
    return own;
  });
  for (let sweep = 0; sweep < SWEEPS; sweep++) for (const own of bins) takeMeans(values, own);
  const byRow = new Float64Array(space.blocks.at(-1)!.end);
  rows.forEach((row, k) => {
    byRow[row] = values[k]!;
  });
  const own = seriesCorrelation(byRow, space.blocks, space.lags);
  return { rows, values, inflation: inflationOf(own, target.lagWeights) };
}

export interface FreedInput {
  readonly space: ProductSpace;
  readonly matrix: BinnedMatrix;
  readonly rows: Uint32Array;
  readonly target: ProductTarget;
}

/** Sums of a freed product with the target by block, and what they vary by. */
export interface BlockSums {
  readonly sums: Float64Array;
  /** Sums of squares, widened by dependence in time. */
  readonly variances: Float64Array;
  /** Sum of squares of the product, and of the target. */
  readonly square: number;
  readonly targetSquare: number;
}

/** @param target by row number, 0 where there is none */
export function sumsByBlock(
  { rows, values, inflation }: FreedProduct,
  target: Float64Array,
  { blocks }: Pick<ProductSpace, 'blocks'>,
): BlockSums {
  const sums = new Float64Array(blocks.length);
  const variances = new Float64Array(blocks.length);
  let square = 0;
  let targetSquare = 0;
  let block = 0;
  rows.forEach((row, k) => {
    while (row >= blocks[block]!.end) block++;
    const product = values[k]! * target[row]!;
    sums[block]! += product;
    variances[block]! += product * product * inflation;
    square += values[k]! ** 2;
    targetSquare += target[row]! ** 2;
  });
  return { sums, variances, square, targetSquare };
}

/** Score of some blocks: about standard normal where nothing interacts. */
export function scoreOf({ sums, variances }: BlockSums, inside: (block: number) => boolean): number {
  let sum = 0;
  let variance = 0;
  for (let block = 0; block < sums.length; block++) {
    if (!inside(block)) continue;
    sum += sums[block]!;
    variance += variances[block]!;
  }
  return variance > 0 ? sum / Math.sqrt(variance) : 0;
}

/**
 * Share of the target's square that the product explains in blocks other than those it was learned on: the products of
 * sums of different blocks, scaled up for those of blocks with themselves left out. Without interaction it is 0 on average.
 */
export function explainedShare({ sums, square, targetSquare }: BlockSums): number {
  const total = sums.reduce((sum, value) => sum + value, 0);
  const own = sums.reduce((sum, value) => sum + value * value, 0);
  const blocks = sums.length;
  return ((total * total - own) * blocks) / (blocks - 1) / (square * targetSquare);
}
