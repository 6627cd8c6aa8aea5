import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { DEFAULT_BOOSTER_PARAMS } from '../boosting/booster-params.js';
import { estimateBoosterBytes } from '../boosting/grower-memory.js';
import { trainBooster } from '../boosting/train-booster.js';
import { Arena } from '../kernels/arena.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import { columnScores, fitBy, largest } from './column-scores.js';
import type { TargetBinsRoom } from './place-target.js';
import type { StabilityContext } from './stability-context.js';
import type { Method, RowLabels } from './stability-method.js';
import type { SubsampleStatistics } from './subsample-statistics.js';

/** Boosted stumps: trees of one split each. */
const STUMPS = {
  objective: 'squared',
  growth: 'leaf',
  rounds: 100,
  learningRate: 0.2,
  maxLeaves: 2,
  maxDepth: 1,
  minRowsInLeaf: 50,
  l2: 0,
} as const;

/** Columns that stumps choose from: those of largest smooth score in the subsample. */
const STUMP_COLUMNS = 256;

/** The gain in boosted stumps: steps, jointly. */
export const stumps: Method = {
  doc: 'boosted trees of one split',
  needsLabels: true,
  inflation: ({ linear }) => linear,
  bytes({ rows, columns, bins, fitRows }) {
    const chosen = Math.min(STUMP_COLUMNS, columns);
    return estimateBoosterBytes(
      { rows: Math.ceil(fitRows), columns: chosen, bins, matrixRows: rows, gathered: columns > chosen },
      { ...DEFAULT_BOOSTER_PARAMS, ...STUMPS },
    );
  },
  open(input, _limit, _scope, onStump) {
    const { context, inflation, labels } = input;
    return fitBy((statistics) => {
      const smooth = columnScores(input, inflation.linear, statistics, smoothScore);
      const positions = largest(smooth, STUMP_COLUMNS);
      const gains = stumpGains({ context, labels: labels!, blocks: statistics.blocks, positions, onStump });
      return gains.map((gain, j) => gain / inflation.linear[j]!);
    });
  },
};

/** The straight line and the curved contrasts together, as the square that each of them explains on average. */
function smoothScore({ line, curved, contrasts }: SubsampleStatistics, j: number, inflation: number): number {
  return (line[j]! + curved[j]!) / (1 + contrasts[j]!) / inflation;
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
