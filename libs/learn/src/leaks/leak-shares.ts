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
/**
 * Shares in a span of time: of the target, its sign, the unknown part, its sign, of the last two by few bins, and of the last two by
 * whether there is a value.
 */
export const SHARES = 8;

/** A bin's mean rests on as many rows at least. */
const LEAST_ROWS = 8;
/** Most bins where they are few. */
const COARSE_BINS = 12;
/** Present rows worth less than this many independent ones are looked at together with the missing ones. */
const LEAST_INDEPENDENT = 20;

/** Rows of one half of a window, in the matrix's memory. */
export interface LeakHalf extends LeakTotals {
  /** Address of uint32 [count]. */
  readonly rows: number;
  /** Addresses of float64 [count][LANES]: the numbers, and uu, uk, kk, 0 of unknown and known part. */
  readonly numbers: number;
  readonly squares: number;
}

export interface LeakTotals {
  /** Rows. */
  readonly count: number;
  /** About how many of the rows are independent. */
  readonly independent: number;
  /** Sums of squares and products of unknown and known part over all rows. */
  readonly uu: number;
  readonly uk: number;
  readonly kk: number;
}

/** What columns are tested against: one target in windows of time. */
export interface LeakTest {
  readonly matrix: BinnedMatrixHandle;
  readonly windows: readonly (readonly [LeakHalf, LeakHalf])[];
}

/** How many spans of time a test looks at: the windows and, where there are several, all of them together. */
export function spansOf(windows: readonly unknown[]): number {
  return windows.length > 1 ? windows.length + 1 : windows.length;
}

/** What some matrix columns say of the target in every span, the whole last: [column][span][share]. */
export const LEAK_SHARES: PieceKind<LeakTest, readonly number[], Float64Array> = {
  name: 'leak-shares',
  compute: leakShares,
};

function leakShares(
  { matrix: handle, windows }: LeakTest,
  columns: readonly number[],
  hooks: ProgressHooks,
): Float64Array {
  const matrix = openBinnedMatrix(handle);
  const kernel = loadKernel<TargetBinsKernel>('target-bins', matrix.memory);
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const sums = new HalfSums(matrix.bins, kernel, scope);
    const spans = spansOf(windows);
    const common = new CommonBins(matrix.bins);
    const shares = new Float64Array(columns.length * spans * SHARES);
    columns.forEach((column, k) => {
      const address = matrix.columnAddress(column);
      const summed = windows.map((halves): SummedWindow => {
        const [first, second] = halves.map((half) => sums.of(address, half));
        return [first!, second!];
      });
      if (spans > windows.length) summed.push(wholeOf(summed));
      summed.forEach((halves, span) => {
        writeShares(halves, common, shares, SHARES * (k * spans + span));
      });
      if (k % 16 === 0) reportProgress(hooks, k / columns.length);
    });
    return shares;
  } finally {
    scope.release();
  }
}

type SummedWindow = readonly [Summed, Summed];

/** Rare values need many bins to be seen, weak relations few: the error of each mean hides them. */
function writeShares(halves: SummedWindow, common: CommonBins, into: Float64Array, at: number): void {
  common.join(halves, LEAST_ROWS);
  into[at] = common.share('value');
  into[at + 1] = common.share('sign');
  into[at + 2] = common.share('unknown');
  into[at + 3] = common.share('unknownSign');
  const fewest = Math.min(halves[0].half.count, halves[1].half.count);
  common.join(halves, Math.max(LEAST_ROWS, fewest / COARSE_BINS));
  into[at + 4] = common.share('unknown');
  into[at + 5] = common.share('unknownSign');
  if (!common.joinPresent(halves)) return;
  into[at + 6] = common.share('unknown');
  into[at + 7] = common.share('unknownSign');
}

/** All windows as one: sums are added half by half. */
function wholeOf(windows: readonly SummedWindow[]): SummedWindow {
  return [addUp(windows.map(([first]) => first)), addUp(windows.map(([, second]) => second))];
}

function addUp(parts: readonly Summed[]): Summed {
  const figure = (of: (half: LeakTotals) => number) => parts.reduce((sum, { half }) => sum + of(half), 0);
  const added = (arrays: readonly Float64Array[]) =>
    arrays[0]!.map((_, k) => arrays.reduce((sum, array) => sum + (array[k] ?? 0), 0));
  return {
    sums: added(parts.map(({ sums }) => sums)),
    rows: parts[0]!.rows.map((_, k) => parts.reduce((sum, { rows }) => sum + rows[k]!, 0)),
    missing: added(parts.map(({ missing }) => missing)),
    half: {
      count: figure(({ count }) => count),
      independent: figure(({ independent }) => independent),
      uu: figure(({ uu }) => uu),
      uk: figure(({ uk }) => uk),
      kk: figure(({ kk }) => kk),
    },
  };
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
  readonly half: LeakTotals;
  /** Sums of uu, uk, kk over the rows without a value. */
  readonly missing: Float64Array;
}

/** The variables of both halves over common bins; laid out once a piece, since columns are many. */
class CommonBins {
  readonly #halves: readonly [Variables, Variables];

  constructor(bins: number) {
    this.#halves = [emptyVariables(bins), emptyVariables(bins)];
  }

  /**
   * Rows without a value are left out where enough others are there.
   *
   * @param least rows that a bin's mean rests on
   */
  join([first, second]: SummedWindow, least: number): void {
    const presentOnly = isMostlyPresent(first) && isMostlyPresent(second);
    const from = presentOnly ? 1 : 0;
    const groups = joinBins(first.rows.subarray(from), second.rows.subarray(from), least);
    fill(this.#halves[0], first, groups);
    fill(this.#halves[1], second, groups);
  }

  /** Rows with a value as one bin, those without as another; false where one of them has too few rows. */
  joinPresent([first, second]: SummedWindow): boolean {
    const hasBoth = [first, second].every(
      ({ rows, half }) => rows[0]! >= LEAST_ROWS && half.count - rows[0]! >= LEAST_ROWS,
    );
    if (!hasBoth) return false;
    const groups = new Uint8Array(first.rows.length).fill(1, 1);
    fill(this.#halves[0], first, groups);
    fill(this.#halves[1], second, groups);
    return true;
  }

  share(name: keyof Variables): number {
    return crossFittedShare(this.#halves[0][name], this.#halves[1][name]);
  }
}

function isMostlyPresent({ rows, half }: Summed): boolean {
  return half.independent * (half.count - rows[0]!) >= LEAST_INDEPENDENT * half.count;
}

function emptyVariables(bins: number): Variables {
  const rows = new Int32Array(bins);
  const none = new Float64Array(bins);
  const sums = (x: Float64Array): BinnedSums => {
    const y = new Float64Array(bins);
    return { bins, rows, y, x, count: 0, sumY: 0, sumX: 0, yy: 0, xy: 0, xx: 0 };
  };
  return {
    value: sums(none),
    sign: sums(none),
    unknown: sums(new Float64Array(bins)),
    unknownSign: sums(none),
  };
}

/** @param groups group of each bin; of all but the first bin when that is left out */
function fill(into: Variables, { sums, rows, half, missing }: Summed, groups: Uint8Array): void {
  const { value, sign, unknown, unknownSign } = into;
  const from = rows.length - groups.length;
  const without = from > 0 ? missing : NOTHING;
  const held = unknown.rows;
  for (const lane of [held, value.y, sign.y, unknown.y, unknown.x, unknownSign.y]) lane.fill(0);
  let count = 0;
  let [sumUnknown, sumKnown, sumSign, sumUnknownSign] = [0, 0, 0, 0];
  for (let k = 0; k < groups.length; k++) {
    const group = groups[k]!;
    const at = LANES * (from + k);
    held[group]! += rows[from + k]!;
    count += rows[from + k]!;
    unknown.y[group]! += sums[at]!;
    unknown.x[group]! += sums[at + 1]!;
    value.y[group]! += sums[at]! + sums[at + 1]!;
    sign.y[group]! += sums[at + 2]!;
    unknownSign.y[group]! += sums[at + 3]!;
    sumUnknown += sums[at]!;
    sumKnown += sums[at + 1]!;
    sumSign += sums[at + 2]!;
    sumUnknownSign += sums[at + 3]!;
  }
  for (const lane of [value, sign, unknown, unknownSign]) {
    lane.bins = groups[groups.length - 1]! + 1;
    lane.count = count;
  }
  unknown.yy = half.uu - without[0]!;
  unknown.xy = half.uk - without[1]!;
  unknown.xx = half.kk - without[2]!;
  value.yy = unknown.yy + 2 * unknown.xy + unknown.xx;
  sign.yy = count;
  unknownSign.yy = count;
  unknown.sumY = sumUnknown;
  unknown.sumX = sumKnown;
  value.sumY = sumUnknown + sumKnown;
  sign.sumY = sumSign;
  unknownSign.sumY = sumUnknownSign;
}
