import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { TargetBinsKernel } from '../stability/target-bins.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { type BinnedSums, crossFittedShare, joinBins } from './cross-fitted-share.js';

/** Numbers of a row: unknown part, known part, sign of the target, sign of the unknown part. */
export const LANES = 4;
/** Shares of a target: `value`, `sign`, `unknown`, `unknownSign` of TargetShares. */
export const SHARES = 4;

/** A bin's mean rests on as many rows at least. */
const LEAST_ROWS = 8;
/** Present rows worth less than this many independent ones are looked at together with the missing ones. */
const LEAST_INDEPENDENT = 20;

/** Rows of one half of the test, in the matrix's memory. */
export interface LeakHalf {
  /** Address of uint32 [count]. */
  readonly rows: number;
  readonly count: number;
  /** About how many of the rows are independent. */
  readonly independent: number;
  /** Addresses of float64 [count][LANES]: the numbers, and uu, uk, kk, 0 of unknown and known part. */
  readonly numbers: number;
  readonly squares: number;
  /** Sums of the squares over all rows. */
  readonly uu: number;
  readonly uk: number;
  readonly kk: number;
}

/** What all columns are tested against. */
export interface LeakTest {
  readonly matrix: BinnedMatrixHandle;
  readonly targets: readonly (readonly [LeakHalf, LeakHalf])[];
}

/** What some matrix columns say of every target: [column][target][share]. */
export const LEAK_SHARES: PieceKind<LeakTest, readonly number[], Float64Array> = {
  name: 'leak-shares',
  compute: leakShares,
};

function leakShares(
  { matrix: handle, targets }: LeakTest,
  columns: readonly number[],
  hooks: ProgressHooks,
): Float64Array {
  const matrix = openBinnedMatrix(handle);
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const sums = new HalfSums(matrix.bins, kernel, scope);
    const shares = new Float64Array(columns.length * targets.length * SHARES);
    columns.forEach((column, k) => {
      const address = matrix.columnAddress(column);
      targets.forEach(([first, second], target) => {
        const [one, other] = inCommonBins(sums.of(address, first), sums.of(address, second));
        const share = (name: keyof Variables) => crossFittedShare([one[name], other[name]]);
        const at = SHARES * (k * targets.length + target);
        shares.set([share('value'), share('sign'), share('unknown'), share('unknownSign')], at);
      });
      if (k % 16 === 0) reportProgress(hooks, k / columns.length);
    });
    return shares;
  } finally {
    scope.release();
  }
}

interface Variables {
  readonly value: BinnedSums;
  readonly sign: BinnedSums;
  readonly unknown: BinnedSums;
  readonly unknownSign: BinnedSums;
}

/** Sums a half over the bins of a column. */
class HalfSums {
  readonly #bins: number;
  readonly #kernel: TargetBinsKernel;
  readonly #arena: Arena;
  readonly #sumsAt: number;
  readonly #countsAt: number;

  constructor(bins: number, kernel: TargetBinsKernel, scope: ArenaScope) {
    this.#bins = bins;
    this.#kernel = kernel;
    this.#arena = scope.arena;
    this.#sumsAt = scope.allocate(8 * LANES * bins, 'sums of targets by bin');
    this.#countsAt = scope.allocate(4 * bins, 'rows by bin');
  }

  of(address: number, half: LeakHalf): Summed {
    const sums = this.#sum(address, half, half.numbers);
    const rows = this.#arena.i32(this.#countsAt, this.#bins).slice();
    if (rows[0] === 0) return { sums, rows, half, missing: NOTHING };
    return { sums, rows, half, missing: this.#sum(address, half, half.squares).subarray(0, LANES) };
  }

  #sum(address: number, { rows, count }: LeakHalf, numbers: number): Float64Array {
    const sums = this.#arena.f64(this.#sumsAt, LANES * this.#bins).fill(0);
    this.#arena.i32(this.#countsAt, this.#bins).fill(0);
    this.#kernel.sumTargetsAt(address, rows, count, numbers, this.#sumsAt, this.#countsAt);
    return sums.slice();
  }
}

/** Sums of squares over no rows. */
const NOTHING = new Float64Array(LANES);

interface Summed {
  /** By bin and lane. */
  readonly sums: Float64Array;
  readonly rows: Int32Array;
  readonly half: LeakHalf;
  /** Sums of uu, uk, kk over the rows without a value. */
  readonly missing: Float64Array;
}

/** Rows without a value are left out where enough others are there. */
function inCommonBins(first: Summed, second: Summed): [Variables, Variables] {
  const presentOnly = [first, second].every(
    ({ rows, half }) => half.independent * (half.count - rows[0]!) >= LEAST_INDEPENDENT * half.count,
  );
  const from = presentOnly ? 1 : 0;
  const groups = joinBins(first.rows.subarray(from), second.rows.subarray(from), LEAST_ROWS);
  return [variables(first, groups), variables(second, groups)];
}

/** @param groups group of each bin; of all but the first bin when that is left out */
function variables({ sums, rows, half, missing }: Summed, groups: Uint8Array): Variables {
  const from = rows.length - groups.length;
  const without = from > 0 ? missing : NOTHING;
  const count = groups[groups.length - 1]! + 1;
  const held = new Int32Array(count);
  const [unknown, known, value, sign, unknownSign] = Array.from({ length: 5 }, () => new Float64Array(count));
  for (let k = 0; k < groups.length; k++) {
    const group = groups[k]!;
    const at = LANES * (from + k);
    held[group]! += rows[from + k]!;
    unknown![group]! += sums[at]!;
    known![group]! += sums[at + 1]!;
    value![group]! += sums[at]! + sums[at + 1]!;
    sign![group]! += sums[at + 2]!;
    unknownSign![group]! += sums[at + 3]!;
  }
  const [uu, uk, kk] = [half.uu - without[0]!, half.uk - without[1]!, half.kk - without[2]!];
  const signs = half.count - (from > 0 ? rows[0]! : 0);
  const none = new Float64Array(count);
  const alone = (y: Float64Array, yy: number): BinnedSums => ({ rows: held, y, x: none, yy, xy: 0, xx: 0 });
  return {
    value: alone(value!, uu + 2 * uk + kk),
    sign: alone(sign!, signs),
    unknown: { rows: held, y: unknown!, x: known!, yy: uu, xy: uk, xx: kk },
    unknownSign: alone(unknownSign!, signs),
  };
}
