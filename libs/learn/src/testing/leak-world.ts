import { seededRandom, subseed } from '../numeric/seeded-random.js';
import type { SimulatedPair } from './simulated-pair.js';

type Column = SimulatedPair['features'][number];

/** A way in which the future gets into a panel: what it does, and its columns. */
export interface LeakVariant {
  readonly name: string;
  /** Share of the unknown part of h45 that all its columns together hold where it acts; absent: not a plain dose. */
  readonly dose?: number;
  /** Horizon that shows it; absent: 45. */
  readonly horizon?: number;
  columns(world: LeakWorld): Float64Array[];
}

/** What leaks are made of, by row: changes of the price from one bar to another, counted from the row's. */
export class LeakWorld {
  readonly rows: number;
  readonly bar: Int32Array;
  /** Unknown part of h45 in standard deviations. */
  readonly future: Float64Array;
  readonly #close: Float64Array;
  readonly #seed: bigint;

  constructor({ bar, close }: Pick<SimulatedPair, 'bar' | 'close'>, seed: bigint) {
    this.rows = bar.length;
    this.bar = bar;
    this.#close = close;
    this.#seed = seed;
    this.future = standardised(this.change(45, 0));
  }

  /** Percent from `from` to `to`, bars after the row's. */
  change(to: number, from: number): Float64Array {
    return this.each((t) => (100 * (this.close(t + to) - this.close(t + from))) / this.close(t + from));
  }

  close(t: number): number {
    return this.#close[Math.min(Math.max(t, 0), this.#close.length - 1)]!;
  }

  /** @param value of a bar and a row */
  each(value: (t: number, row: number) => number): Float64Array {
    return Float64Array.from(this.bar, value);
  }

  /** Standard normal, another stream for every name. */
  noise(stream: number): Float64Array {
    const random = seededRandom(subseed(this.#seed, stream));
    return this.each(() => random.normal());
  }

  /** A share of the variance is the values', the rest noise; noise alone outside. */
  diluted(values: Float64Array, share: number, stream: number, acts = (_at: number, _row: number) => true) {
    const noise = this.noise(stream);
    const source = standardised(values);
    return noise.map((e, row) =>
      acts(row / this.rows, row) ? Math.sqrt(share) * source[row]! + Math.sqrt(1 - share) * e : e,
    );
  }
}

/** The columns of a variant, as features. */
export function leakColumns(variant: LeakVariant, world: LeakWorld): Column[] {
  return variant.columns(world).map((values, k) => ({ id: `leak.${variant.name} ${k + 1}`, values }));
}

/** Bars of a day. */
export const DAY = 1440;

export function day(t: number): number {
  return DAY * Math.floor(t / DAY);
}

export function meanClose(world: LeakWorld, from: number, to: number): number {
  let sum = 0;
  for (let t = from; t <= to; t++) sum += world.close(t);
  return sum / (to - from + 1);
}

/** Share of some bars whose close is below that of a bar. */
export function shareBelow(world: LeakWorld, t: number, from: number, to: number): number {
  let below = 0;
  for (let other = from; other <= to; other++) if (world.close(other) < world.close(t)) below++;
  return below / (to - from + 1);
}

export function encoded(world: LeakWorld, category: (t: number) => number): Float64Array {
  const sums = new Map<number, [number, number]>();
  world.bar.forEach((t, row) => {
    const [sum, count] = sums.get(category(t)) ?? [0, 0];
    sums.set(category(t), [sum + world.future[row]!, count + 1]);
  });
  return world.each((t) => {
    const [sum, count] = sums.get(category(t))!;
    return sum / count;
  });
}

export function ranks(values: Float64Array): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const rank = new Float64Array(values.length);
  order.forEach((row, k) => {
    rank[row] = k / values.length;
  });
  return rank;
}

export function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(square));
}

/** A variant of one column. */
export function disguised(name: string, make: (world: LeakWorld) => Float64Array): LeakVariant {
  return { name, columns: (world) => [make(world)] };
}
