import { type BinnedMatrix, type BinnedMatrixHandle, openBinnedMatrix } from '../binning/binned-matrix.js';
import type { HorizonData } from '../horizon-data.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import type { TargetBinsKernel } from '../stability/target-bins.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { pieceRanges } from '../threads/piece-ranges.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { leakReason } from './leakage.js';

/** Target, its sign, unknown part, its sign. */
const ASPECTS = 4;
/** Columns that a thread tests at a time. */
const COLUMNS_AT_ONCE = 256;

/** What all columns are tested against, in the matrix's memory. */
interface LeakTest {
  readonly matrix: BinnedMatrixHandle;
  /** Address of uint32 [count]. */
  readonly rows: number;
  readonly count: number;
  /** Address of float64 [count][aspects]. */
  readonly targets: number;
  readonly moments: readonly Moments[];
}

/** Sums of one aspect over the rows. */
interface Moments {
  readonly total: number;
  readonly squares: number;
}

/** Share of each aspect's variance that lies between the bins of some matrix columns: [column][aspect]. */
export const LEAK_SHARES: PieceKind<LeakTest, readonly number[], Float64Array> = {
  name: 'leak-shares',
  compute: leakShares,
};

/**
 * Columns that know the target or its unknown part. Both are looked at, whatever is selected for: of the
 * unknown part a copy of the target explains too little to be noticed (a third at horizon 15 of 45), and
 * the other way round.
 *
 * @param rows rows to look at, all usable
 * @returns reasons by matrix column, in the order of the candidates
 * @throws CancelledError
 */
export function knownTargetLeaks(
  matrix: BinnedMatrix,
  candidates: readonly number[],
  rows: Uint32Array,
  { value, unknown }: Pick<HorizonData, 'value' | 'unknown'>,
  { pool = callingThread, isCancelled = () => false }: { pool?: WorkPool; isCancelled?(): boolean } = {},
): Map<number, string> {
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const test = placeTargets(
      matrix,
      rows,
      [value, value.map(Math.sign), unknown, unknown.map(Math.sign)],
      scope,
    );
    const pieces = pieceRanges(candidates.length, COLUMNS_AT_ONCE).map(([from, to]) =>
      candidates.slice(from, to),
    );
    const shares = pool.compute(LEAK_SHARES, test, pieces, { isCancelled });
    const leaks = new Map<number, string>();
    pieces.forEach((columns, piece) => {
      columns.forEach((column, k) => {
        const [ofValue, ofSign, ofUnknown, ofUnknownSign] = shares[piece]!.subarray(ASPECTS * k);
        const reason = leakReason(ofValue!, ofSign!) ?? leakReason(ofUnknown!, ofUnknownSign!);
        if (reason !== undefined) leaks.set(column, reason);
      });
    });
    return leaks;
  } finally {
    scope.release();
  }
}

function placeTargets(
  matrix: BinnedMatrix,
  rows: Uint32Array,
  aspects: readonly Float64Array[],
  scope: ArenaScope,
): LeakTest {
  const { arena } = scope;
  const count = rows.length;
  const rowsAt = scope.allocate(4 * count, 'rows of the leak test');
  const targets = scope.allocate(8 * ASPECTS * count, 'targets of the leak test');
  arena.u32(rowsAt, count).set(rows);
  const values = arena.f64(targets, ASPECTS * count);
  const moments = aspects.map((aspect, lane) => {
    let total = 0;
    let squares = 0;
    for (let k = 0; k < count; k++) {
      const value = aspect[rows[k]!]!;
      values[ASPECTS * k + lane] = value;
      total += value;
      squares += value * value;
    }
    return { total, squares };
  });
  return { matrix: matrix.handle, rows: rowsAt, count, targets, moments };
}

function leakShares(
  { matrix: handle, rows, count, targets, moments }: LeakTest,
  columns: readonly number[],
  hooks: ProgressHooks,
): Float64Array {
  const matrix = openBinnedMatrix(handle);
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const sumsAt = scope.allocate(8 * ASPECTS * matrix.bins, 'sums of targets by bin');
    const countsAt = scope.allocate(4 * matrix.bins, 'rows by bin');
    const sums = scope.arena.f64(sumsAt, ASPECTS * matrix.bins);
    const counts = scope.arena.i32(countsAt, matrix.bins);
    const shares = new Float64Array(ASPECTS * columns.length);
    columns.forEach((column, k) => {
      sums.fill(0);
      counts.fill(0);
      kernel.sumTargetsAt(matrix.columnAddress(column), rows, count, targets, sumsAt, countsAt);
      moments.forEach((own, lane) => {
        shares[ASPECTS * k + lane] = explainedShare(sums.subarray(lane), counts, own, count);
      });
      if (k % 16 === 0) reportProgress(hooks, k / columns.length);
    });
    return shares;
  } finally {
    scope.release();
  }
}

/** Share of the variance that lies between bins; 0 for a constant. */
function explainedShare(
  sums: Float64Array,
  counts: Int32Array,
  { total, squares }: Moments,
  rows: number,
): number {
  const mean = total / rows;
  let between = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin]!;
    if (count > 0) between += count * (sums[ASPECTS * bin]! / count - mean) ** 2;
  }
  const within = squares - rows * mean * mean;
  return within > 0 ? between / within : 0;
}
