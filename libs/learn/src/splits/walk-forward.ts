import { LearnInputError } from '../errors/learn-input-error.js';
import type { LabelGeometry } from './label-span.js';
import { rowsBefore } from './purge.js';

/** One fold: row numbers in time order. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface WalkForwardInput {
  /** Rows to split, row numbers in time order. */
  readonly rows: Uint32Array;
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  readonly folds: number;
  /** How many of `rows` come before the first test block. */
  readonly initialRows: number;
  /** When given, training keeps only the last so many rows before the test block (before purging). */
  readonly rollingRows?: number;
  /** Bars kept free between training and test besides the purge. */
  readonly embargoBars?: number;
}

/**
 * Walk-forward folds: the rows after the first `initialRows` are cut into `folds` test blocks of (nearly)
 * equal size; each is tested by a model trained on what came before, purged by label end.
 *
 * Expanding, 10 rows at bars 0..9, label [t, t + 1] (horizon 1, window 1), 3 folds after 4 rows:
 *
 * | train | test |
 * |---|---|
 * | 0 1 2 | 4 5 |
 * | 0 1 2 3 4 | 6 7 |
 * | 0 1 2 3 4 5 6 | 8 9 |
 *
 * Rolling over the last 3 rows: trains on `1 2`, `3 4`, `5 6`.
 *
 * Only every 10th bar sampled (bars 0, 10, ..., 90), horizon 15, window 45: the label of bar 40 starts at
 * bar 10 and ends at 55, so that the first fold (test 4 5) can train on no row at all (row 0 ends at bar 15):
 * a LearnInputError, not a quietly short fold.
 *
 * @throws LearnInputError when a fold would have no training or no test row
 */
export function walkForward(input: WalkForwardInput): Fold[] {
  const { rows, bar, geometry, folds, initialRows, rollingRows, embargoBars = 0 } = input;
  if (!Number.isInteger(folds) || folds < 1)
    throw new LearnInputError(`folds must be 1 or more, got ${folds}`);
  const testable = rows.length - initialRows;
  if (initialRows < 1 || testable < folds) {
    throw new LearnInputError(
      `${rows.length} rows cannot give ${folds} folds after ${initialRows} initial rows`,
    );
  }
  const result: Fold[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const from = initialRows + Math.floor((testable * fold) / folds);
    const to = initialRows + Math.floor((testable * (fold + 1)) / folds);
    const before = rows.subarray(rollingRows === undefined ? 0 : Math.max(0, from - rollingRows), from);
    const train = rowsBefore({ rows: before, bar, geometry, first: rows[from]!, embargoBars });
    if (train.length === 0) {
      throw new LearnInputError(
        `fold ${fold + 1} of ${folds} has no training row left after purging ` +
          `(horizon ${geometry.horizon}, window ${geometry.targetWindow}, ${from} rows before the test block)`,
      );
    }
    result.push({ train, test: rows.slice(from, to) });
  }
  return result;
}
