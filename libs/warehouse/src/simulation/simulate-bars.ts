import { CURRENCIES, PAIRS } from '@onescan/contract/pair.js';
import { deriveSeed } from '@onescan/contract/seed.js';
import { baseOf, quoteOf } from '../pair-legs.js';
import { barMinutes } from './market-hours.js';
import {
  COMMON_SHARE,
  CROSS_NOISE,
  FIRST_VALUE,
  LEG_DEVIATION,
  MISSING_SHARE,
  STATE_DELAY,
  STATE_LOADING,
  STATE_PERSISTENCE,
  VOLUME_LOADING,
  VOLUME_NOISE,
} from './market-model.js';
import { Random } from './random.js';
import type { SimulationSource } from './simulation-source.js';

/** Bars of one pair, column by column; `minute` is minutes since 1970. */
export interface SimulatedBars {
  readonly pair: string;
  readonly minute: Int32Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

interface Market {
  readonly minutes: Int32Array;
  /** Dollars for one unit, by currency. */
  readonly values: ReadonlyMap<string, Float64Array>;
  readonly state: Float64Array;
}

/**
 * Simulates the bars of all 28 pairs, one pair at a time, in the order of PAIRS. The same source gives
 * the same bytes on every machine: integer generator, no transcendental function.
 *
 * USDJPY is a pure random walk: its leg shares no noise with anything and its quotes carry none.
 */
export function* simulateBars(source: SimulationSource): Generator<SimulatedBars> {
  const market = simulateMarket(source);
  for (const pair of PAIRS)
    yield simulatePair(pair, market, new Random(deriveSeed(source.seed, 'pair', pair)));
}

function simulateMarket({ seed, bars, effect = 1 }: SimulationSource): Market {
  const state = simulateState(bars, new Random(deriveSeed(seed, 'state')));
  const common = normals(bars, new Random(deriveSeed(seed, 'common')));
  const values = new Map<string, Float64Array>();
  for (const currency of CURRENCIES) {
    if (currency === 'usd') {
      values.set(currency, new Float64Array(bars).fill(1));
      continue;
    }
    const own = normals(bars, new Random(deriveSeed(seed, 'leg', currency)));
    values.set(currency, simulateLeg(currency, { own, common, state, effect }));
  }
  return { minutes: barMinutes(bars), values, state };
}

interface LegInput {
  readonly own: Float64Array;
  readonly common: Float64Array;
  readonly state: Float64Array;
  readonly effect: number;
}

function simulateLeg(currency: string, { own, common, state, effect }: LegInput): Float64Array {
  const deviation = LEG_DEVIATION[currency]!;
  const commonWeight = currency === 'jpy' ? 0 : Math.sqrt(COMMON_SHARE);
  const ownWeight = currency === 'jpy' ? 1 : Math.sqrt(1 - COMMON_SHARE);
  const loading = currency === 'eur' ? STATE_LOADING * effect : 0;
  const value = new Float64Array(own.length);
  let level = FIRST_VALUE[currency]!;
  for (let t = 0; t < value.length; t++) {
    const shock =
      ownWeight * own[t]! +
      commonWeight * common[t]! +
      (t >= STATE_DELAY ? loading * state[t - STATE_DELAY]! : 0);
    level *= 1 + deviation * shock;
    value[t] = level;
  }
  return value;
}

function simulateState(bars: number, random: Random): Float64Array {
  const state = new Float64Array(bars);
  const innovation = Math.sqrt(1 - STATE_PERSISTENCE * STATE_PERSISTENCE);
  let level = random.normal();
  for (let t = 0; t < bars; t++) {
    state[t] = level;
    level = STATE_PERSISTENCE * level + innovation * random.normal();
  }
  return state;
}

function normals(count: number, random: Random): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = random.normal();
  return values;
}

function simulatePair(pair: string, market: Market, random: Random): SimulatedBars {
  const base = market.values.get(baseOf(pair))!;
  const quote = market.values.get(quoteOf(pair))!;
  const isCross = !pair.includes('usd');
  const count = base.length;
  const columns = Array.from({ length: 5 }, () => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [open, high, low, close, volume] = columns;
  const minute = new Int32Array(count);
  let rows = 0;
  let previous = base[0]! / quote[0]!;
  for (let t = 0; t < count; t++) {
    const noise = isCross ? CROSS_NOISE * random.normal() : 0;
    const price = (base[t]! / quote[t]!) * (1 + noise);
    const up = random.uniform();
    const down = random.uniform();
    const ticks = tickVolume(pair, market, t, random.normal());
    if (isCross && random.uniform() < MISSING_SHARE) continue;
    minute[rows] = market.minutes[t]!;
    open[rows] = previous;
    close[rows] = price;
    high[rows] = Math.max(previous, price) * (1 + 6e-5 * up);
    low[rows] = Math.min(previous, price) * (1 - 6e-5 * down);
    volume[rows] = ticks;
    previous = price;
    rows++;
  }
  const cut = (values: Float64Array): Float64Array => values.subarray(0, rows);
  return {
    pair,
    minute: minute.subarray(0, rows),
    open: cut(open),
    high: cut(high),
    low: cut(low),
    close: cut(close),
    volume: cut(volume),
  };
}

/** Ticks of a bar: busy when London and New York are open, and for euro pairs when the state is high. */
function tickVolume(pair: string, market: Market, t: number, noise: number): number {
  const hour = (market.minutes[t]! % 1440) / 60;
  const busy = hour < 6 ? 60 : hour < 12 ? 60 + 15 * (hour - 6) : hour < 16 ? 150 : 150 - 11.25 * (hour - 16);
  const loading = pair.includes('eur') ? VOLUME_LOADING : 0;
  const state = Math.max(-3, Math.min(3, market.state[t]!));
  return Math.max(1, Math.round(busy * (1 + loading * state + VOLUME_NOISE * noise)));
}
