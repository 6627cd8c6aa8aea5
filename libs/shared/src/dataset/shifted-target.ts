/** Pairs of rows that are compared for a shift, and the least that are needed. */
const MAX_PAIRS = 256;
const MIN_PAIRS = 20;

/** The golden ratio: its multiples spread most evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Largest difference of a copy from the target, as a share of the copy's range: values are stored as float32. */
const TOLERANCE = 1e-4;

/** Rows of the sample and what the target is some bars later, in ascending order of the target. */
interface ShiftedPairs {
  /** Bars from the row to the value of the future. */
  readonly bars: number;
  readonly rows: Uint32Array;
  readonly future: Float64Array;
}

/**
 * Finds columns that repeat future values: column[t] = a + b * bqx[t + k] for some k > 0, which is what targets are,
 * shifted, scaled or negated. bqx[t + k] is the target of horizon h at bar t + k - h, wherever the sample holds that
 * bar. Copies of the past (k <= 0) are honest features.
 */
export class ShiftedTargets {
  readonly #shifts: ShiftedPairs[] = [];

  /**
   * @param bar ordinal of every row's bar, ascending
   * @param targets in bqx, NaN where unknown
   */
  constructor(bar: Int32Array, targets: readonly { horizon: number; values: Float64Array }[]) {
    const rowOf = new Map<number, number>();
    for (const [row, ordinal] of bar.entries()) rowOf.set(ordinal, row);
    const furthest = Math.max(0, ...targets.map(({ horizon }) => horizon));
    for (let bars = 1; bars <= furthest; bars++) {
      const pairs = findPairs(bar, rowOf, targets, bars);
      if (pairs) this.#shifts.push(pairs);
    }
  }

  /** Bars by which a column looks ahead; undefined when it repeats no future value. */
  lookAhead(values: Float32Array): number | undefined {
    return this.#shifts.find((pairs) => repeats(values, pairs))?.bars;
  }
}

/**
 * A step that visits all of `count` rows, far apart and in no rhythm: columns may miss every third value.
 */
function coprimeStep(count: number): number {
  const isCoprime = (a: number, b: number): boolean => (b === 0 ? a === 1 : isCoprime(b, a % b));
  let step = Math.max(1, Math.round(count * GOLDEN));
  while (!isCoprime(step, count)) step++;
  return step;
}

/** Pairs spread over the sample; undefined when there are too few or the target does not vary. */
function findPairs(
  bar: Int32Array,
  rowOf: ReadonlyMap<number, number>,
  targets: readonly { horizon: number; values: Float64Array }[],
  bars: number,
): ShiftedPairs | undefined {
  const found: { row: number; future: number }[] = [];
  const step = coprimeStep(bar.length);
  for (let i = 0, row = 0; i < bar.length && found.length < MAX_PAIRS; i++) {
    for (const { horizon, values } of targets) {
      const there = rowOf.get(bar[row]! + bars - horizon);
      const future = there === undefined ? Number.NaN : values[there]!;
      if (Number.isNaN(future)) continue;
      found.push({ row, future });
      break;
    }
    row = (row + step) % bar.length;
  }
  if (found.length < MIN_PAIRS) return undefined;
  found.sort((a, b) => a.future - b.future);
  if (found[0]!.future === found.at(-1)!.future) return undefined;
  return {
    bars,
    rows: Uint32Array.from(found, ({ row }) => row),
    future: Float64Array.from(found, ({ future }) => future),
  };
}

/** True when the column is a line through its values at the least and the greatest future value. */
function repeats(values: Float32Array, { rows, future }: ShiftedPairs): boolean {
  let low = 0;
  let high = rows.length - 1;
  while (low < high && Number.isNaN(values[rows[low]!]!)) low++;
  while (high > low && Number.isNaN(values[rows[high]!]!)) high--;
  const range = values[rows[high]!]! - values[rows[low]!]!;
  const slope = range / (future[high]! - future[low]!);
  if (!Number.isFinite(slope) || slope === 0) return false;
  let compared = 0;
  for (let i = low; i <= high; i++) {
    const value = values[rows[i]!]!;
    if (Number.isNaN(value)) continue;
    const line = values[rows[low]!]! + slope * (future[i]! - future[low]!);
    if (Math.abs(value - line) > TOLERANCE * Math.abs(range)) return false;
    compared++;
  }
  return compared >= MIN_PAIRS;
}
