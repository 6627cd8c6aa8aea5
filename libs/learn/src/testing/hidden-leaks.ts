import { seededRandom } from '../numeric/seeded-random.js';
import {
  DAY,
  day,
  disguised,
  encoded,
  type LeakVariant,
  type LeakWorld,
  standardised,
} from './leak-world.js';

/** A column that acts in some bars alone. */
function partly(
  name: string,
  share: number,
  acts: (world: LeakWorld) => (at: number, row: number) => boolean,
): LeakVariant {
  return disguised(name, (world) => world.diluted(world.future, share, 40, acts(world)));
}

/** By hour of the day. */
function hours(world: LeakWorld, from: number, to: number): (at: number, row: number) => boolean {
  return (_at, row) => {
    const hour = (world.bar[row]! % DAY) / 60;
    return hour >= from && hour < to;
  };
}

/** Missing more often where the price rises. */
function missing(whenUp: number, whenDown: number): (world: LeakWorld) => Float64Array {
  return (world) => {
    const luck = seededRandom(41n);
    const noise = world.noise(42);
    return world.future.map((value, row) => {
      const isMissing = luck.next() < (value > 0 ? whenUp : whenDown);
      return isMissing ? Number.NaN : noise[row]!;
    });
  };
}

/** A count whose last digit is even where the price rises, mostly. */
function parity(levels: number, right: number): (world: LeakWorld) => Float64Array {
  return (world) => {
    const luck = seededRandom(43n);
    return world.future.map((value) => {
      const bit = value > 0 === luck.next() < right ? 1 : 0;
      return 2 * Math.floor((luck.next() * levels) / 2) + bit;
    });
  };
}

/** Deviations of a value from its own day's mean, the rest of the day included. */
function withinDay(world: LeakWorld, values: Float64Array): Float64Array {
  const sums = new Map<number, [number, number, number]>();
  world.bar.forEach((t, row) => {
    const [n, sum, squares] = sums.get(day(t)) ?? [0, 0, 0];
    sums.set(day(t), [n + 1, sum + values[row]!, squares + values[row]! ** 2]);
  });
  return world.each((t, row) => {
    const [n, sum, squares] = sums.get(day(t))!;
    const spread = Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 1e-12));
    return (values[row]! - sum / n) / spread;
  });
}

/** Mean of the target over the other rows of some hours. */
function leaveOneOut(world: LeakWorld, bars: number): Float64Array {
  const group = (t: number) => Math.floor(t / bars);
  const rows = new Map<number, number>();
  for (const t of world.bar) rows.set(group(t), (rows.get(group(t)) ?? 0) + 1);
  const means = encoded(world, group);
  return world.each((t, row) => {
    const n = rows.get(group(t))!;
    return n > 1 ? (n * means[row]! - world.future[row]!) / (n - 1) : Number.NaN;
  });
}

/** Rank of the row's future among those of its day, as an id counts that is given after sorting. */
function rankInDay(world: LeakWorld): Float64Array {
  const byDay = new Map<number, number[]>();
  world.bar.forEach((t, row) => {
    byDay.set(day(t), [...(byDay.get(day(t)) ?? []), world.future[row]!]);
  });
  for (const values of byDay.values()) values.sort((a, b) => a - b);
  return world.each((t, row) => byDay.get(day(t))!.indexOf(world.future[row]!));
}

function extreme(world: LeakWorld, bars: number, of: (...values: number[]) => number): Float64Array {
  return world.each((t) => {
    const closes = Array.from({ length: bars }, (_, k) => world.close(t + 1 + k));
    return 100 * (of(...closes) / world.close(t) - 1);
  });
}

/** Several columns that say nothing one by one: noise and the future in such signs that only all of them together tell it. */
function product(coins: number, share: number): LeakVariant {
  return {
    name: `product of ${coins + 1} columns, ${100 * share} %`,
    dose: share,
    columns: (world) => {
      const signs = Array.from({ length: coins }, (_, k) => world.noise(50 + k).map(Math.sign));
      const hidden = world
        .diluted(world.future, share, 60)
        .map((value, row) => signs.reduce((sum, coin) => sum * coin[row]!, value));
      return [...signs, hidden];
    },
  };
}

function many(columns: number, each: number): LeakVariant {
  return {
    name: `${columns} columns of ${100 * each} % each`,
    dose: (columns * each) / (1 + (columns - 1) * each),
    columns: (world) => Array.from({ length: columns }, (_, k) => world.diluted(world.future, each, 100 + k)),
  };
}

/** Leaks that act in part only, in what is missing, in the order of rows, or in several columns together. */
export const HIDDEN_LEAKS: readonly LeakVariant[] = [
  partly('from 8 to 10 h only, 24 %', 0.24, (world) => hours(world, 8, 10)),
  partly('from 0 to 8 h only, 10 %', 0.1, (world) => hours(world, 0, 8)),
  partly(
    'on one day of the week, 24 %',
    0.24,
    ({ bar }) =>
      (_at, row) =>
        Math.floor(bar[row]! / DAY) % 7 === 1,
  ),
  partly('in one tenth of the period, 24 %', 0.24, () => (at) => at >= 0.3 && at < 0.4),
  partly('in the last tenth of the development rows, 24 %', 0.24, () => (at) => at >= 0.65 && at < 0.75),
  partly('in the final segment only, 24 %', 0.24, () => (at) => at >= 0.75),
  partly(
    'every tenth week, 24 %',
    0.24,
    ({ bar }) =>
      (_at, row) =>
        Math.floor(bar[row]! / (7 * DAY)) % 10 === 9,
  ),
  partly('in quiet hours only, 24 %', 0.24, (world) => {
    const past = standardised(world.change(0, -45));
    return (_at, row) => Math.abs(past[row]!) < 0.2;
  }),
  disguised('missing in 60 % of rises and 40 % of falls', missing(0.6, 0.4)),
  disguised('missing in 25 % of rises and 10 % of falls', missing(0.25, 0.1)),
  disguised('last digit of 10 levels, right in 60 %', parity(10, 0.6)),
  disguised('last digit of 1,000 levels, right in 90 %', parity(1000, 0.9)),
  disguised('rank of the future in its day', rankInDay),
  disguised('id by day and rank of the future', (world) => {
    const rank = rankInDay(world);
    return world.each((t, row) => 1000 * Math.floor(t / DAY) + rank[row]!);
  }),
  disguised('mean of the target over the other rows of six hours', (world) => leaveOneOut(world, 360)),
  disguised('mean of the target over the other rows of the day', (world) => leaveOneOut(world, DAY)),
  disguised('change of 45 bars, in deviations of its whole day', (world) =>
    withinDay(world, world.change(0, -45)),
  ),
  disguised('target of the first row of the hour, held', (world) =>
    world.each((t) => {
      const from = t - (t % 60);
      return 100 * (world.close(from + 45) / world.close(from) - 1);
    }),
  ),
  disguised('next bar in noise, 50 %', (world) => world.diluted(world.change(1, 0), 0.5, 44)),
  disguised('last ten bars of h45, 24 %', (world) => world.diluted(world.change(45, 35), 0.24, 45)),
  {
    ...disguised('90 to 105 bars ahead, 24 %', (world) => world.diluted(world.change(105, 90), 0.24, 46)),
    horizon: 105,
  },
  {
    ...disguised('10 to 15 bars ahead, 10 %', (world) => world.diluted(world.change(15, 10), 0.1, 47)),
    horizon: 15,
  },
  disguised('highest close of the next 45 bars', (world) => extreme(world, 45, Math.max)),
  disguised('range of the next 45 bars', (world) => {
    const low = extreme(world, 45, Math.min);
    return extreme(world, 45, Math.max).map((high, row) => high - low[row]!);
  }),
  disguised('future, 5 %, turned after 40 %', (world) => {
    const values = world.diluted(world.future, 0.05, 48);
    return values.map((value, row) => (row < 0.4 * world.rows ? -value : value));
  }),
  disguised('future, 10 %, turned every week', (world) => {
    const values = world.diluted(world.future, 0.1, 49);
    return world.each((t, row) => (Math.floor(t / (7 * DAY)) % 2 === 0 ? values[row]! : -values[row]!));
  }),
  disguised('future, 10 %, turned with the last 45 bars', (world) => {
    const past = world.change(0, -45);
    return world.diluted(world.future, 0.1, 51).map((value, row) => value * Math.sign(past[row]!));
  }),
  disguised('future, 24 %, in one row of eight, missing elsewhere', (world) => {
    const luck = seededRandom(44n);
    return world.diluted(world.future, 0.24, 52).map((value) => (luck.next() < 0.125 ? value : Number.NaN));
  }),
  disguised('future, 24 %, in one row of twenty, missing elsewhere', (world) => {
    const luck = seededRandom(45n);
    return world.diluted(world.future, 0.24, 53).map((value) => (luck.next() < 0.05 ? value : Number.NaN));
  }),
  many(20, 0.001),
  many(50, 0.001),
  product(1, 0.02),
  product(1, 0.05),
  product(2, 0.1),
  {
    name: 'one column less two others, 24 %',
    columns: (world) => {
      const [a, b] = [world.noise(71), world.noise(72)];
      const hidden = world
        .diluted(world.future, 0.24, 73)
        .map((value, row) => 0.4 * value + a[row]! + b[row]!);
      return [hidden, a, b];
    },
  },
];
