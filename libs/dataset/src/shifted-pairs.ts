import { ranks } from './rank-agreement.js';

/** Most rows that are compared for a shift. */
const MOST_PAIRS = 2048;

/** The golden ratio: its multiples spread most evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Rows of the sample and what the target is some bars later. */
export interface ShiftedPairs {
  /** Bars from the row to the end of the value's window; 0 is known at the row. */
  readonly bars: number;
  /** In an order that spreads them over the sample, whatever comes first. */
  readonly rows: Uint32Array;
  /** bqx[t + bars] at each row. */
  readonly future: Float64Array;
  /** Rank of the future value among them. */
  readonly rank: Float64Array;
}

/** Targets by row, NaN where unknown. */
export type HorizonTargets = readonly { readonly horizon: number; readonly values: Float64Array }[];

/** Finds bqx[t + k] for rows t and any k: it is the target of horizon h at bar t + k - h, wherever the sample holds that bar. */
export class PairFinder {
  readonly #bar: Int32Array;
  readonly #targets: HorizonTargets;
  readonly #first: number;
  /** Row + 1 by bar from the first on; 0 where the sample does not hold the bar. */
  readonly #rowAt: Uint32Array;
  readonly #step: number;

  /** @param bar ordinal of every row's bar, ascending */
  constructor(bar: Int32Array, targets: HorizonTargets) {
    this.#bar = bar;
    this.#targets = targets;
    this.#first = bar[0] ?? 0;
    this.#rowAt = new Uint32Array(bar.length > 0 ? bar.at(-1)! - this.#first + 1 : 0);
    bar.forEach((ordinal, row) => {
      this.#rowAt[ordinal - this.#first] = row + 1;
    });
    this.#step = coprimeStep(bar.length);
  }

  find(bars: number): ShiftedPairs {
    const rows: number[] = [];
    const future: number[] = [];
    const count = this.#bar.length;
    for (let i = 0, row = 0; i < count && rows.length < MOST_PAIRS; i++) {
      const value = this.#later(row, bars);
      if (!Number.isNaN(value)) {
        rows.push(row);
        future.push(value);
      }
      row = (row + this.#step) % count;
    }
    const values = Float64Array.from(future);
    return { bars, rows: Uint32Array.from(rows), future: values, rank: ranks(values) };
  }

  #later(row: number, bars: number): number {
    for (const { horizon, values } of this.#targets) {
      const there = this.#rowAt[this.#bar[row]! + bars - horizon - this.#first];
      const value = there ? values[there - 1]! : Number.NaN;
      if (!Number.isNaN(value)) return value;
    }
    return Number.NaN;
  }
}

/** A step that visits all of `count` rows, far apart and in no rhythm: columns may miss every third value. */
function coprimeStep(count: number): number {
  const isCoprime = (a: number, b: number): boolean => (b === 0 ? a === 1 : isCoprime(b, a % b));
  let step = Math.max(1, Math.round(count * GOLDEN));
  while (!isCoprime(step, count)) step++;
  return step;
}
