import { openBinnedMatrix } from '../binning/binned-matrix.js';
import { trainBooster } from '../boosting/booster.js';
import { Arena } from '../kernels/arena.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import type { StabilityContext } from './stability-context.js';
import { STUMPS } from './stump-params.js';
import type { TargetBinsRoom } from './target-bins.js';

/** The target by row, in the memory that threads share. */
export interface RowLabels {
  /** Address of float64 by matrix row. */
  readonly values: number;
  /** Address of u8 by matrix row: 1 where there is a target. */
  readonly present: number;
}

/** Holds one target after the other, where threads that grow stumps read it. */
export class RowLabelRoom {
  readonly #arena: Arena;
  readonly #rows: number;
  readonly #labels: RowLabels;

  /** @param room whose rows with a target are the same for all targets held */
  constructor(context: StabilityContext, { present }: TargetBinsRoom, scope: ArenaScope) {
    this.#arena = scope.arena;
    this.#rows = context.matrix.rows;
    this.#labels = { values: scope.allocate(this.#rows * 8, 'the target by row'), present };
  }

  hold(rows: Uint32Array, target: Float64Array): RowLabels {
    const values = this.#arena.f64(this.#labels.values, this.#rows);
    for (const row of rows) values[row] = target[row]!;
    return this.#labels;
  }
}

export interface StumpInput {
  readonly context: StabilityContext;
  readonly labels: RowLabels;
  /** Blocks of the subsample. */
  readonly blocks: readonly number[];
  /** Columns to choose from, as Gram positions. */
  readonly positions: ArrayLike<number>;
  /** Called after every stump; may throw to stop. */
  onStump(): void;
}

/** Gain of each column in boosted stumps on a subsample (Friedman 2001), by Gram position; -Infinity for none. */
export function stumpGains(input: StumpInput): Float64Array {
  const { context, labels, blocks, positions } = input;
  const matrix = openBinnedMatrix(context.matrix);
  const arena = new Arena(matrix.memory);
  const present = arena.u8(labels.present, matrix.rows);
  const rows: number[] = [];
  for (const block of blocks) {
    const { begin, end } = context.blocks[block]!;
    for (let row = begin; row < end; row++) if (present[row] === 1) rows.push(row);
  }
  const columns = Array.from(positions, (j) => context.columns[j]!);
  const label = arena.f64(labels.values, matrix.rows);
  const task = { matrix, rows: Uint32Array.from(rows), label, columns };
  const gain = trainBooster(task, STUMPS, { onRound: () => input.onStump() }).gain();
  const gains = new Float64Array(context.columns.length).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < positions.length; k++) {
    const own = gain[columns[k]!]!;
    if (own > 0) gains[positions[k]!] = own;
  }
  return gains;
}
