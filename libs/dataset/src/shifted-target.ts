import type { FeatureValues } from './feature-values.js';
import { correlation, gammaAgreement, rankCorrelation } from './rank-agreement.js';
import { type HorizonTargets, PairFinder, type ShiftedPairs } from './shifted-pairs.js';

/**
 * Rows that are compared at first, and correlation with the value or its rank that is worth a second look. A label's
 * with the rank is sqrt(3 p (1 - p)): 0.87 for halves, 0.52 for a tenth.
 */
const FIRST_PAIRS = 40;
const CLOSE = 0.85;
const CLOSE_LEVELS = 0.4;
/** Shifts that get a second look, closest first, and its rows; and shifts that get a third one, on all rows. */
const SECOND_SHIFTS = 16;
const SECOND_PAIRS = 512;
const THIRD_SHIFTS = 3;
/** The same of levels, for which neighbouring shifts differ in few rows. */
const SECOND_SHIFTS_OF_LEVELS = 48;
const THIRD_SHIFTS_OF_LEVELS = 8;

/** Agreement with the future that makes a copy. */
const COPY = 0.99;
/**
 * Most of what a copy of the future may miss, as a share of what it misses of the value that is known at the row. On a
 * walk no feature of the past gets below one half, whatever its weights: past and future windows hold the same known bars.
 */
const BEYOND_PRESENT = 0.4;
/** Of levels, which differ from the present in few rows, and where copies miss next to nothing. */
const BEYOND_PRESENT_OF_LEVELS = 0.1;
/** Rows needed for that, in both, and for a copy that is exact but for the rounding of float32. */
const LEAST_PAIRS = 100;
const LEAST_EXACT_PAIRS = 20;
const EXACT_MISS = 1e-6;

/** Columns of at most so many distinct values among a few hundred rows are levels: signs, labels, classes. */
const MOST_LEVELS = 16;
const LEVEL_ROWS = 256;
/** Levels change at least so often in time over the compared rows, or they tell one event. */
const LEAST_CHANGES = 20;

/** How close a column is to values of the target, from 0 to 1, direction aside. */
type Agreement = (column: Float64Array, target: Float64Array) => number;

/**
 * Finds columns that hold future values: what bqx[t + k] is for some k > 0, which is what targets are, shifted, scaled,
 * negated, rounded, ranked, or cut into levels (their sign, a 0/1 label). Copies of the past (k <= 0), and of the part of
 * the future that is known, are honest features.
 */
export class ShiftedTargets {
  readonly #shifts: readonly ShiftedPairs[];
  readonly #present: ShiftedPairs;

  /**
   * @param bar ordinal of every row's bar, ascending
   * @param targets in bqx, NaN where unknown
   */
  constructor(bar: Int32Array, targets: HorizonTargets) {
    const finder = new PairFinder(bar, targets);
    const furthest = Math.max(0, ...targets.map(({ horizon }) => horizon));
    this.#present = finder.find(0);
    this.#shifts = Array.from({ length: furthest }, (_, k) => finder.find(k + 1)).filter(
      ({ rows }) => rows.length >= LEAST_EXACT_PAIRS,
    );
  }

  /** Bars by which a column looks ahead; undefined when it holds no future value. */
  lookAhead(column: FeatureValues): number | undefined {
    const values = measurable(column);
    const levels = hasLevels(values);
    const nearest = this.#nearest(values, levels);
    if (nearest.length === 0 || (levels && changes(values, nearest[0]!.rows) < LEAST_CHANGES))
      return undefined;
    const agreement: Agreement = levels ? gammaAgreement : rankCorrelation;
    const least = levels ? BEYOND_PRESENT_OF_LEVELS : BEYOND_PRESENT;
    const limit = Math.min(1 - COPY ** 2, least * missed(agreement, values, this.#present));
    const copies = nearest
      .map((pairs) => ({ pairs, missed: missed(agreement, values, pairs) }))
      .filter(({ pairs, missed }) => missed <= limit || (!levels && isExact(values, pairs)))
      .sort((a, b) => a.missed - b.missed);
    return copies[0]?.pairs.bars;
  }

  /** Shifts at which the column is like the future, by a first and a second look. */
  #nearest(values: FeatureValues, levels: boolean): ShiftedPairs[] {
    const closest = (shifts: readonly ShiftedPairs[], most: number, kept: number): ShiftedPairs[] =>
      shifts
        .map((pairs) => ({ pairs, close: quickAgreement(values, pairs, most) }))
        .filter(({ close }) => close >= (levels ? CLOSE_LEVELS : CLOSE))
        .sort((a, b) => b.close - a.close || a.pairs.bars - b.pairs.bars)
        .slice(0, kept)
        .map(({ pairs }) => pairs);
    const first = closest(this.#shifts, FIRST_PAIRS, levels ? SECOND_SHIFTS_OF_LEVELS : SECOND_SHIFTS);
    return closest(first, SECOND_PAIRS, levels ? THIRD_SHIFTS_OF_LEVELS : THIRD_SHIFTS);
  }
}

/** Values whose squares are doubles: those of extreme size are brought near 1, which changes no correlation. */
function measurable(values: FeatureValues): FeatureValues {
  if (values instanceof Float32Array) return values;
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!) || 0);
  if (largest === 0 || (largest < 2 ** 400 && largest > 2 ** -400)) return values;
  const half = 2 ** -Math.floor(Math.log2(largest) / 2);
  return values.map((value) => value * half * half);
}

/** What a column misses of the target, as a share; NaN when too few rows can be compared. */
function missed(agreement: Agreement, values: FeatureValues, pairs: ShiftedPairs): number {
  const { column, target } = compared(values, pairs);
  return column.length < LEAST_PAIRS ? Number.NaN : 1 - agreement(column, target) ** 2;
}

/** True when the column is a line through the future values but for rounding. */
function isExact(values: FeatureValues, pairs: ShiftedPairs): boolean {
  const { column, target } = compared(values, pairs);
  return column.length >= LEAST_EXACT_PAIRS && 1 - correlation(column, target) ** 2 <= EXACT_MISS;
}

/**
 * Pearson's correlation with the future value or with its rank, whichever is larger in size, over the first rows that
 * have a value; 0 when they are too few. Done for every column and shift: without copies.
 */
function quickAgreement(values: FeatureValues, { rows, future, rank }: ShiftedPairs, most: number): number {
  let count = 0;
  let [x0, y0, r0, sx, sy, sr] = [0, 0, 0, 0, 0, 0];
  let [sxx, syy, srr, sxy, sxr] = [0, 0, 0, 0, 0];
  for (let i = 0; i < rows.length && count < most; i++) {
    const value = values[rows[i]!]!;
    if (!Number.isFinite(value)) continue;
    if (count++ === 0) [x0, y0, r0] = [value, future[i]!, rank[i]!];
    const x = value - x0;
    const y = future[i]! - y0;
    const r = rank[i]! - r0;
    sx += x;
    sy += y;
    sr += r;
    sxx += x * x;
    syy += y * y;
    srr += r * r;
    sxy += x * y;
    sxr += x * r;
  }
  if (count < LEAST_EXACT_PAIRS) return 0;
  const spread = sxx - (sx * sx) / count;
  const share = (product: number, square: number): number =>
    spread > 0 && square > 0 ? Math.abs(product) / Math.sqrt(spread * square) : 0;
  return Math.max(
    share(sxy - (sx * sy) / count, syy - (sy * sy) / count),
    share(sxr - (sx * sr) / count, srr - (sr * sr) / count),
  );
}

/** The column where it has a value, and the target there. */
function compared(values: FeatureValues, { rows, future }: ShiftedPairs) {
  const column = new Float64Array(rows.length);
  const target = new Float64Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]!]!;
    if (!Number.isFinite(value)) continue;
    column[count] = value;
    target[count++] = future[i]!;
  }
  return { column: column.subarray(0, count), target: target.subarray(0, count) };
}

function hasLevels(values: FeatureValues): boolean {
  const found = new Set<number>();
  const step = Math.max(1, Math.floor(values.length / LEVEL_ROWS));
  for (let row = 0; row < values.length; row += step) {
    const value = values[row]!;
    if (Number.isFinite(value)) found.add(value);
    if (found.size > MOST_LEVELS) return false;
  }
  return true;
}

/** How often a column changes from one of the rows with a value to the next in time. */
function changes(values: FeatureValues, rows: Uint32Array): number {
  const held = rows.filter((row) => Number.isFinite(values[row]!)).sort();
  let count = 0;
  for (let k = 1; k < held.length; k++) if (values[held[k]!] !== values[held[k - 1]!]) count++;
  return count;
}
