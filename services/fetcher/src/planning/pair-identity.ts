/** What two tables say of the same thing: bqx_W of the past, in time order. */
export interface PairIdentity {
  readonly window: number;
  /** Ordinal of every row's bar, and its instant in milliseconds. */
  readonly bar: ArrayLike<number>;
  readonly time: ArrayLike<number>;
  /** From the targets: that of the smallest horizon stored, as many bars before. NaN: missing. */
  readonly persistence: ArrayLike<number>;
  /** From the closes. */
  readonly own: ArrayLike<number>;
}

/** Why targets and closes cannot be of one pair as they are. */
export type IdentityCause =
  /** No row of the targets has a close, or none the one before. */
  | { readonly code: 'no_common_key' }
  /** The mean of one of them is that of an indexed price, not of a change. */
  | { readonly code: 'indexed'; readonly of: 'targets' | 'closes'; readonly mean: number }
  /** Closes say `bars` bars later, or earlier, what targets say. `hours`: when that is a shift of the clock. */
  | { readonly code: 'shifted'; readonly bars: number; readonly hours?: number }
  /** Targets are of a change over another number of bars. */
  | { readonly code: 'other_window'; readonly window: number }
  /** They differ by a factor: percent, points, a turned pair. */
  | { readonly code: 'scaled'; readonly factor: number }
  | { readonly code: 'other_prices' };

export interface IdentityFault {
  readonly cause: IdentityCause;
  /** Half of the rows differ by more, in standard deviations. */
  readonly difference: number;
  /** Rows of the part of the period where that is so. */
  readonly first: number;
  readonly last: number;
}

/** Rounding in the warehouse (prices to 5 digits: 1e-3) is below, one bar of 45 (0.14) above. */
const MOST_DIFFERENCE = 0.02;
/** Parts of the period that are looked at by themselves, and rows that they need. */
const PARTS = 5;
const LEAST_ROWS = 50;
/** Rows that are compared, and those for which a shift is sought. */
const MOST_COMPARED = 50_000;
const MOST_SHIFTED = 5000;
/** A mean of so many standard deviations is a level, not a change. */
const LEVEL = 10;
/** Shifts that are tried: single bars, and half hours of the clock on either side of the date line. */
const MOST_BARS = 120;
const MOST_HALF_HOURS = 28;
const HALF_HOUR_MS = 1_800_000;
const WINDOWS = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 720, 1440, 2880];

/**
 * Checks that bqx_W from the closes is bqx_W from the targets (`docs/statistics.md`). In sound data they differ by rounding only,
 * 4e-14; by 0.14 and more where one of them is a bar off. Rows that lack either say nothing.
 *
 * @returns undefined when they agree, or too few rows have both to tell
 */
export function identityFault(input: PairIdentity): IdentityFault | undefined {
  const rows = input.bar.length;
  const { past, both } = presentRows(input);
  if (past.length >= LEAST_ROWS && both.length === 0)
    return {
      cause: { code: 'no_common_key' },
      difference: Number.POSITIVE_INFINITY,
      first: 0,
      last: rows - 1,
    };
  for (const { rows: among, difference } of differences(input, both)) {
    if (difference <= MOST_DIFFERENCE) continue;
    return {
      cause: likelyCause(input, among),
      difference,
      first: among[0]!,
      last: among[among.length - 1]!,
    };
  }
  return undefined;
}

/** By how many standard deviations half of the rows differ in the worst part of the period; 0 where too few rows have both. */
export function identityDifference(input: PairIdentity): number {
  return Math.max(0, ...differences(input, presentRows(input).both).map(({ difference }) => difference));
}

function presentRows({ bar, persistence, own }: PairIdentity): { past: number[]; both: number[] } {
  const past = present(persistence, 0, bar.length);
  return { past, both: past.filter((row) => Number.isFinite(own[row])) };
}

/** Of all rows that have both, then of each part of the period. */
function differences(
  { persistence, own }: PairIdentity,
  both: readonly number[],
): { rows: readonly number[]; difference: number }[] {
  const found = [];
  for (let part = -1; part < PARTS; part++) {
    const [from, to] =
      part < 0 ? [0, both.length] : [part, part + 1].map((k) => Math.floor((k * both.length) / PARTS));
    const rows = both.slice(from, to);
    const among = thinned(rows);
    if (among.length < LEAST_ROWS) continue;
    found.push({ rows, difference: differenceOf(among.map((row) => [persistence[row]!, own[row]!])) });
  }
  return found;
}

/** Median difference in standard deviations of the second. */
function differenceOf(pairs: readonly (readonly number[])[]): number {
  const spread = deviation(pairs.map(([, own]) => own!));
  const difference = median(pairs.map(([persistence, own]) => Math.abs(persistence! - own!)));
  if (difference === 0) return 0;
  return spread > 0 ? difference / spread : Number.POSITIVE_INFINITY;
}

function likelyCause(input: PairIdentity, rows: readonly number[]): IdentityCause {
  const { window } = input;
  const targets = rows.map((row) => input.persistence[row]!);
  const closes = rows.map((row) => input.own[row]!);
  for (const [of, values] of [
    ['targets', targets],
    ['closes', closes],
  ] as const) {
    const level = mean(values);
    if (Math.abs(level) > LEVEL * deviation(values)) return { code: 'indexed', of, mean: level };
  }
  const factor = median(rows.map((row) => input.persistence[row]! / input.own[row]!).filter(Number.isFinite));
  if (differenceOf(rows.map((_row, k) => [targets[k]!, factor * closes[k]!])) <= MOST_DIFFERENCE)
    return { code: 'scaled', factor };
  const shift = shiftOf(input, rows);
  if (shift) return shift;
  const other = window * (deviation(targets) / deviation(closes)) ** 2;
  const nearest = WINDOWS.filter((one) => one !== window).sort(
    (a, b) => apart(a, other) - apart(b, other),
  )[0]!;
  // Changes over nested windows share the shorter one.
  const shared = Math.sqrt(Math.min(window, nearest) / Math.max(window, nearest));
  const isNested = Math.abs(correlation(targets, closes) - shared) < 0.1;
  return isNested && apart(nearest, other) < 0.3
    ? { code: 'other_window', window: nearest }
    : { code: 'other_prices' };
}

function apart(a: number, b: number): number {
  return Math.abs(Math.log(a / b));
}

/** The shift at which both agree, among rows of which both ends are in the sample. */
function shiftOf(input: PairIdentity, all: readonly number[]): IdentityCause | undefined {
  const rows = thinned(all, MOST_SHIFTED);
  const byBar = new Map(all.map((row) => [input.bar[row]!, row]));
  const byTime = new Map(all.map((row) => [input.time[row]!, row]));
  const agrees = (moved: readonly (readonly [number, number | undefined])[]) => {
    const found = moved.flatMap(([row, other]) =>
      other === undefined ? [] : [[input.persistence[row]!, input.own[other]!]],
    );
    return found.length >= LEAST_ROWS / 5 && differenceOf(found) <= MOST_DIFFERENCE;
  };
  for (let half = 1; half <= MOST_HALF_HOURS; half++) {
    for (const sign of [1, -1]) {
      const step = sign * half * HALF_HOUR_MS;
      if (agrees(rows.map((row) => [row, byTime.get(input.time[row]! + step)]))) {
        return { code: 'shifted', bars: barsOf(input, rows, step), hours: (sign * half) / 2 };
      }
    }
  }
  for (let bars = 1; bars <= MOST_BARS; bars++) {
    for (const sign of [1, -1]) {
      if (agrees(rows.map((row) => [row, byBar.get(input.bar[row]! + sign * bars)])))
        return { code: 'shifted', bars: sign * bars };
    }
  }
  return undefined;
}

/** Bars in a span of time, by the median length of a bar. */
function barsOf({ bar, time }: PairIdentity, rows: readonly number[], step: number): number {
  const lengths = rows
    .slice(1)
    .map((row, k) => (time[row]! - time[rows[k]!]!) / (bar[row]! - bar[rows[k]!]!));
  return Math.round(step / median(lengths));
}

/** Evenly spread rows: the median of so many is certain. */
function thinned(rows: readonly number[], most = MOST_COMPARED): readonly number[] {
  const step = Math.ceil(rows.length / most);
  return step <= 1 ? rows : rows.filter((_row, k) => k % step === 0);
}

function present(values: ArrayLike<number>, from: number, to: number): number[] {
  const rows: number[] = [];
  for (let row = from; row < to; row++) if (Number.isFinite(values[row])) rows.push(row);
  return rows;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const level = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - level) ** 2)));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [mean(a), mean(b)];
  return mean(a.map((value, k) => (value - x) * (b[k]! - y))) / (deviation(a) * deviation(b));
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)]!;
}
