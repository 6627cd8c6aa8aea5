import { seededRandom } from '../seeded-random.js';
import type { LabelGeometry } from '../splits/label-span.js';
import { studentQuantile } from './student-quantile.js';
import type { WeightedStatistic } from './weighted-statistic.js';

/** A statistic on the scored rows with its interval; all NaN where it is not defined. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
}

/**
 * Rows of a bootstrap block: the smallest number such that every run of so many neighbouring rows covers
 * at least horizon + targetWindow bars, so that labels of rows in different blocks share no bar except at
 * their edges. Rows are a sample of bars, so a block counts rows but its length is decided in bars.
 *
 * @returns at most the number of rows
 */
export function blockRows(
  rows: Uint32Array,
  bar: Int32Array,
  { horizon, targetWindow }: LabelGeometry,
): number {
  const bars = horizon + targetWindow;
  let longest = 1;
  let start = 0;
  for (let end = 0; end < rows.length; end++) {
    while (bar[rows[end]!]! - bar[rows[start]!]! >= bars) start++;
    longest = Math.max(longest, end - start + 1);
  }
  return Math.min(rows.length, longest + 1);
}

export interface BootstrapInput {
  /** Number of scored rows, in time order. */
  readonly rows: number;
  readonly blockRows: number;
  readonly replicates: number;
  /** One-sided error level of each end of the intervals. */
  readonly level: number;
  readonly seed: bigint;
}

/**
 * Circular moving-block bootstrap (Politis & Romano 1992): each replicate joins blocks of neighbouring rows
 * that start anywhere, until it has as many rows as the sample. The interval is
 * value +- t * standard error, t being Student's quantile with (blocks - 1) degrees of freedom and the
 * error widened by sqrt(blocks / (blocks - 1)), because percentiles of few blocks are too narrow.
 *
 * All statistics of one call see the same resamplings, so that differences are paired.
 *
 * @throws RangeError when there is no row or the block length makes no sense
 */
export function blockBootstrap<Name extends string>(
  input: BootstrapInput,
  statistics: Readonly<Record<Name, WeightedStatistic>>,
): Record<Name, Estimate> {
  return bootstrapEstimates(input, statistics, bootstrapValues(input, statistics, [0, input.replicates]));
}

/**
 * Values of all statistics, in their order, in the replicates from the first up to but without the second
 * number; the same whichever other replicates are asked for.
 *
 * @throws RangeError when there is no row or the block length makes no sense
 */
export function bootstrapValues(
  { rows, blockRows: length, seed }: BootstrapInput,
  statistics: Readonly<Record<string, WeightedStatistic>>,
  [from, to]: readonly [number, number],
): Float64Array[] {
  if (rows < 1 || length < 1 || length > rows) {
    throw new RangeError(`blocks of ${length} rows cannot be drawn from ${rows} rows`);
  }
  const all = Object.values(statistics);
  const random = seededRandom(seed);
  for (let draw = 0; draw < from * Math.ceil(rows / length); draw++) random.below(rows);
  const multiplicity = new Float64Array(rows);
  return Array.from({ length: to - from }, () => {
    drawBlocks(multiplicity, length, random.below);
    return Float64Array.from(all, (statistic) => statistic(multiplicity));
  });
}

/** Estimates from the values of all replicates, in order. */
export function bootstrapEstimates<Name extends string>(
  { rows, blockRows: length, replicates, level }: BootstrapInput,
  statistics: Readonly<Record<Name, WeightedStatistic>>,
  values: readonly Float64Array[],
): Record<Name, Estimate> {
  const blocks = rows / length;
  const spread =
    blocks >= 2 ? studentQuantile(level, blocks - 1) * Math.sqrt(blocks / (blocks - 1)) : Number.NaN;
  const names = Object.keys(statistics) as Name[];
  const estimates = names.map((name, k): [Name, Estimate] => {
    const moments = { count: 0, mean: 0, squares: 0 };
    for (const replicate of values) if (Number.isFinite(replicate[k])) addTo(moments, replicate[k]!);
    const { count, squares } = moments;
    const value = statistics[name]();
    const standardError = count > replicates / 2 ? Math.sqrt(squares / (count - 1)) : Number.NaN;
    const half = spread * standardError;
    return [name, { value, low: value - half, high: value + half, standardError }];
  });
  return Object.fromEntries(estimates) as Record<Name, Estimate>;
}

function drawBlocks(multiplicity: Float64Array, length: number, below: (bound: number) => number): void {
  const rows = multiplicity.length;
  multiplicity.fill(0);
  for (let drawn = 0; drawn < rows; drawn += length) {
    const start = below(rows);
    const take = Math.min(length, rows - drawn);
    for (let k = 0; k < take; k++) multiplicity[(start + k) % rows]! += 1;
  }
}

/** Welford's update: exact enough for statistics whose spread is far below their size. */
function addTo(moments: { count: number; mean: number; squares: number }, value: number): void {
  moments.count++;
  const delta = value - moments.mean;
  moments.mean += delta / moments.count;
  moments.squares += delta * (value - moments.mean);
}
