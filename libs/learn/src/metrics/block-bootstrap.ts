import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { LabelGeometry } from '../splits/label-span.js';
import { RowRuns } from './resample.js';
import { studentQuantile } from './student-quantile.js';
import { studentTail } from './student-tail.js';
import type { WeightedStatistic } from './weighted-statistic.js';

/** A statistic on the scored rows with its interval; all NaN where it is not defined or nothing varies. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
}

/**
 * Rows that count as about one independent label: the smallest number such that every run of so many neighbouring rows
 * covers at least horizon + targetWindow bars, so that labels of rows further apart share no bar. Rows are a sample
 * of bars, so a number of rows is decided in bars.
 *
 * @returns at most the number of rows
 */
export function blockRows(
  rows: Uint32Array,
  bar: Int32Array,
  { horizon, targetWindow }: LabelGeometry,
): number {
  return rowsCovering(rows, bar, horizon + targetWindow);
}

/** Blocks of the bootstrap are so many label windows long, so that little of the dependence is cut at their edges. */
const WINDOWS_A_BLOCK = 4;

/** A block of the bootstrap. */
export interface BootstrapBlock {
  readonly rows: number;
  /**
   * Share of a mean's variance that blocks do not show, because labels reach over their edges. Labels of W bars have
   * autocovariances that fall evenly over W bars; blocks of L bars see a lag k with the weight 1 - k / L, which leaves
   * out W / (3 L) of their sum (the bias of Kuensch 1989, theorem 3.3, for this shape).
   */
  readonly unseen: number;
}

/** The block of the bootstrap of some scored rows: horizon + targetWindow bars, and four label windows at least. */
export function bootstrapBlock(rows: Uint32Array, bar: Int32Array, geometry: LabelGeometry): BootstrapBlock {
  const { horizon, targetWindow } = geometry;
  const bars = Math.max(WINDOWS_A_BLOCK * targetWindow, horizon + targetWindow);
  return { rows: rowsCovering(rows, bar, bars), unseen: targetWindow / (3 * bars) };
}

function rowsCovering(rows: Uint32Array, bar: Int32Array, bars: number): number {
  let longest = 1;
  let start = 0;
  for (let end = 0; end < rows.length; end++) {
    while (bar[rows[end]!]! - bar[rows[start]!]! >= bars) start++;
    longest = Math.max(longest, end - start + 1);
  }
  return Math.min(rows.length, longest + 1);
}

/** Statistics in objects and lists, as deep as wanted; null where there is none. */
export type Statistics =
  | WeightedStatistic
  | null
  | readonly Statistics[]
  | { readonly [name: string]: Statistics };

/** An estimate in the place of every statistic. */
export type Estimates<T> = T extends WeightedStatistic
  ? Estimate
  : T extends null
    ? null
    : { readonly [K in keyof T]: Estimates<T[K]> };

export interface BootstrapInput {
  /** Number of scored rows, in time order. */
  readonly rows: number;
  readonly block: BootstrapBlock;
  readonly replicates: number;
  /** One-sided error level of each end of the intervals. */
  readonly level: number;
  readonly seed: bigint;
}

/**
 * Circular moving-block bootstrap (Politis & Romano 1992): each replicate joins blocks of neighbouring rows
 * that start anywhere, until it has as many rows as the sample. The variance over replicates is widened by
 * blocks / (blocks - 1) and by what blocks do not see; the interval is value +- t * standard error, t being Student's
 * quantile with {@link degreesOfFreedom}, because percentiles of few blocks are too narrow.
 *
 * All statistics see the same resamplings, also in several calls with the same input, so that differences
 * are paired.
 *
 * @throws LearnInputError when there is no row or the block length makes no sense; CancelledError
 */
export function blockBootstrap<T extends Statistics>(
  input: BootstrapInput,
  statistics: T,
  hooks: ProgressHooks = {},
): Estimates<T> {
  const { rows, block, replicates, seed } = input;
  const length = block.rows;
  if (rows < 1 || length < 1 || length > rows) {
    throw new LearnInputError(`blocks of ${length} rows cannot be drawn from ${rows} rows`);
  }
  const all = leaves(statistics);
  const random = seededRandom(seed);
  const runs = new RowRuns(rows, 2 * Math.ceil(rows / length));
  const values = Array.from({ length: replicates }, (_, replicate) => {
    reportProgress(hooks, replicate / replicates);
    drawBlocks(runs, rows, length, random.below);
    return Float64Array.from(all, (statistic) => statistic(runs));
  });
  const estimates = new Map(all.map((statistic, k) => [statistic, estimateOf(input, statistic, values, k)]));
  return inPlace(statistics, estimates) as Estimates<T>;
}

/**
 * Degrees of freedom of the bootstrap's standard errors: blocks - 1, and a little less because the replicates are a sample
 * too. NaN with fewer than two blocks.
 */
export function degreesOfFreedom({ rows, block, replicates }: BootstrapInput): number {
  const blocks = rows / block.rows;
  return blocks >= 2 ? Math.max(1, 1 / (1 / (blocks - 1) + 1 / (replicates - 1))) : Number.NaN;
}

/**
 * One-sided p-value of "not above zero": Student's tail beyond value / standard error. A tail, unlike a share of replicates, tells
 * 0.05 / 196 apart without a hundred thousand of them. NaN where there is no standard error.
 */
export function pValue({ value, standardError }: Estimate, degrees: number): number {
  return standardError > 0 && degrees >= 1 ? studentTail(value / standardError, degrees) : Number.NaN;
}

function leaves(statistics: Statistics): WeightedStatistic[] {
  if (statistics === null) return [];
  return typeof statistics === 'function'
    ? [statistics]
    : Object.values<Statistics>(statistics).flatMap(leaves);
}

function inPlace(statistics: Statistics, estimates: ReadonlyMap<WeightedStatistic, Estimate>): unknown {
  if (statistics === null) return null;
  if (typeof statistics === 'function') return estimates.get(statistics);
  if (Array.isArray(statistics)) return statistics.map((one: Statistics) => inPlace(one, estimates));
  return Object.fromEntries(Object.entries(statistics).map(([name, one]) => [name, inPlace(one, estimates)]));
}

/** @param values of all statistics by replicate; this is number k */
function estimateOf(
  input: BootstrapInput,
  statistic: WeightedStatistic,
  values: readonly Float64Array[],
  k: number,
): Estimate {
  const { rows, block, replicates, level } = input;
  const blocks = rows / block.rows;
  const degrees = degreesOfFreedom(input);
  const widening = blocks >= 2 ? blocks / (blocks - 1) / (1 - block.unseen) : Number.NaN;
  const moments = { count: 0, mean: 0, squares: 0 };
  for (const replicate of values) if (Number.isFinite(replicate[k])) addTo(moments, replicate[k]!);
  const { count, squares } = moments;
  const value = statistic();
  const standardError = count > replicates / 2 ? Math.sqrt((widening * squares) / (count - 1)) : Number.NaN;
  const half = degrees >= 1 ? studentQuantile(level, degrees) * standardError : Number.NaN;
  return { value, low: value - half, high: value + half, standardError };
}

/** Blocks that start anywhere until there are as many rows as in the sample; one beyond the end goes on at the start. */
function drawBlocks(runs: RowRuns, rows: number, length: number, below: (bound: number) => number): void {
  runs.clear();
  for (let drawn = 0; drawn < rows; drawn += length) {
    const start = below(rows);
    const end = start + Math.min(length, rows - drawn);
    runs.add(start, Math.min(end, rows));
    if (end > rows) runs.add(0, end - rows);
  }
}

/** Welford's update: exact enough for statistics whose spread is far below their size. */
function addTo(moments: { count: number; mean: number; squares: number }, value: number): void {
  moments.count++;
  const delta = value - moments.mean;
  moments.mean += delta / moments.count;
  moments.squares += delta * (value - moments.mean);
}
