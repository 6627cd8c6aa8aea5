import { LearnInputError } from '../errors/learn-input-error.js';
import type { LabelGeometry } from './label-span.js';
import { purge, type TestBlock } from './purge.js';

export interface CombinatorialInput {
  /** Rows to split, row numbers in time order. */
  readonly rows: Uint32Array;
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  readonly folds: number;
  readonly testFolds: number;
  /** Rows before those, in time order: trained on, as far as purging leaves them, and never tested. */
  readonly before?: Uint32Array;
  /** Bars after each test block's last label during which no training row may start. */
  readonly embargoBars?: number;
}

export interface CombinatorialSplit {
  readonly train: Uint32Array;
  /** One array of rows for each fold under test, in time order. */
  readonly test: readonly Uint32Array[];
  /** Ordinals of the folds under test. */
  readonly testFolds: readonly number[];
}

/**
 * Combinatorial purged cross-validation (Lopez de Prado 2018, ch. 12): every choice of `testFolds` out of
 * `folds` contiguous folds is tested once by a model trained on the rest, purged on both sides of each
 * test block by label span.
 *
 * 12 rows at bars 0..11, 3 folds, 2 of them test, label [t, t + 1] (horizon 1, window 1):
 *
 * | test | train |
 * |---|---|
 * | 0 1 2 3, 4 5 6 7 | 9 10 11 |
 * | 0 1 2 3, 8 9 10 11 | 5 6 |
 * | 4 5 6 7, 8 9 10 11 | 0 1 2 |
 *
 * With horizon 0 and window 0 nothing is purged: 8 9 10 11, 4 5 6 7 and 0 1 2 3.
 *
 * @throws LearnInputError when the numbers of folds make no sense or a split has no training row
 */
export function combinatorialPurged(input: CombinatorialInput): CombinatorialSplit[] {
  const { rows, bar, geometry, folds, testFolds, before = [], embargoBars = 0 } = input;
  if (!(Number.isInteger(folds) && Number.isInteger(testFolds) && testFolds >= 1 && testFolds < folds)) {
    throw new LearnInputError(`cannot test ${testFolds} of ${folds} folds`);
  }
  if (rows.length < folds) throw new LearnInputError(`${rows.length} rows cannot be cut into ${folds} folds`);
  const edge = (fold: number) => Math.floor((rows.length * fold) / folds);
  const foldRows = Array.from({ length: folds }, (_, fold) => rows.slice(edge(fold), edge(fold + 1)));
  return combinations(folds, testFolds).map((chosen) => {
    const rest = rows.filter(
      (_, position) => !chosen.some((f) => position >= edge(f) && position < edge(f + 1)),
    );
    const blocks = contiguousBlocks(chosen).map(
      ([from, to]): TestBlock => ({ first: rows[edge(from)]!, last: rows[edge(to + 1) - 1]! }),
    );
    const train = purge({ rows: joined(before, rest), bar, geometry, blocks, embargoBars });
    if (train.length === 0)
      throw new LearnInputError(`no training row is left when folds ${chosen} are tested`);
    return { train, test: chosen.map((fold) => foldRows[fold]!), testFolds: chosen };
  });
}

function joined(first: ArrayLike<number>, second: Uint32Array): Uint32Array {
  const all = new Uint32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Number of full backtest paths the splits can be put together to: C(folds, testFolds) * testFolds / folds. */
export function backtestPaths(folds: number, testFolds: number): number {
  return (combinations(folds, testFolds).length * testFolds) / folds;
}

function combinations(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  const result: number[][] = [];
  for (let first = from; first <= n - k; first++) {
    for (const rest of combinations(n, k - 1, first + 1)) result.push([first, ...rest]);
  }
  return result;
}

/** Neighbouring folds under test are one block: nothing is trained on between them. */
function contiguousBlocks(sorted: readonly number[]): [number, number][] {
  const blocks: [number, number][] = [];
  for (const fold of sorted) {
    const last = blocks.at(-1);
    if (last && last[1] === fold - 1) last[1] = fold;
    else blocks.push([fold, fold]);
  }
  return blocks;
}
