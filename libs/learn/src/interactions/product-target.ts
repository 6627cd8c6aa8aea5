import type { Arena } from '../kernels/arena.js';
import { lagWeights, seriesCorrelation } from './dependence.js';
import type { ProductSpace } from './product-space.js';

/** Deviations beyond which a target is cut off. */
const MOST_DEVIATIONS = 3;
/** Weight of a deviation of 1, and of its square. */
export const TARGET_UNIT = 256;
export const TARGET_SQUARE_UNIT = 16;
/** Median absolute value of a standard normal variable. */
const NORMAL_MEDIAN = 0.6745;

/** A target made ready for products. */
export interface ProductTarget {
  /** In deviations, less its mean by block, cut off at 3; 0 where there is none. By row number. */
  readonly values: Float64Array;
  /** Rows with a target, by block. */
  readonly rowsOfBlock: readonly number[];
  readonly rows: number;
  /** What each lag counts, see `inflationOf`. */
  readonly lagWeights: Float64Array;
}

/**
 * Brings a target to deviations that heavy tails cannot rule. Its mean is taken out of each block, or the level of a
 * block would make correlated features look as if they interacted.
 *
 * @param residual by row number, NaN where there is none
 */
export function productTarget(residual: Float64Array, { blocks, lags }: ProductSpace): ProductTarget {
  const values = new Float64Array(blocks.at(-1)!.end);
  const present = blocks.map(({ begin, end }) => {
    const rows: number[] = [];
    for (let row = begin; row < end; row++) if (!Number.isNaN(residual[row])) rows.push(row);
    return rows;
  });
  for (const rows of present) for (const row of rows) values[row] = residual[row]!;
  takeMeans(values, present);
  const absolute = Float64Array.from(present.flat(), (row) => Math.abs(values[row]!)).sort();
  const unit = (absolute[absolute.length >> 1] ?? 0) / NORMAL_MEDIAN || 1;
  for (const row of present.flat()) {
    values[row] = Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, values[row]! / unit));
  }
  takeMeans(values, present);
  return {
    values,
    rowsOfBlock: present.map((rows) => rows.length),
    rows: present.reduce((sum, rows) => sum + rows.length, 0),
    lagWeights: lagWeights(seriesCorrelation(values, blocks, lags), lags),
  };
}

/** Writes the target where the kernel reads it. */
export function placeTarget({ values }: ProductTarget, space: ProductSpace, arena: Arena): void {
  const weights = arena.i16(space.weights, values.length);
  const squares = arena.i16(space.squareWeights, values.length);
  values.forEach((value, row) => {
    const limited = Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, value));
    weights[row] = Math.round(limited * TARGET_UNIT);
    squares[row] = Math.round(limited * limited * TARGET_SQUARE_UNIT);
  });
}

function takeMeans(values: Float64Array, blocks: readonly number[][]): void {
  for (const rows of blocks) {
    const mean = rows.reduce((sum, row) => sum + values[row]!, 0) / Math.max(1, rows.length);
    for (const row of rows) values[row]! -= mean;
  }
}
