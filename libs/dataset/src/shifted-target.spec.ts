import { describe, expect, it } from 'vitest';
import { ShiftedTargets } from './shifted-target.js';

const HORIZONS = [15, 30, 45];
const BARS = 20_000;
const HALF = 10_000;

/** A walk, its change over 45 bars, and a sample of every third bar or so. */
let state = 7;
/** Park and Miller's generator, in [0, 1). */
const random = (): number => {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
};
const close: number[] = [];
for (let bar = 0; bar < BARS; bar++) close.push((close[bar - 1] ?? 100) + random() - 0.5);
const bqx = (bar: number): number =>
  bar < 45 || bar >= BARS ? Number.NaN : (100 * (close[bar]! - close[bar - 45]!)) / close[bar - 45]!;
const sampled = Int32Array.from(close.keys()).filter((bar) => bar < HALF || random() < 0.3);
const targets = HORIZONS.map((horizon) => ({
  horizon,
  values: Float64Array.from(sampled, (bar) => bqx(bar + horizon)),
}));
const shifted = new ShiftedTargets(sampled, targets);
const column = (of: (bar: number) => number): Float32Array => Float32Array.from(sampled, of);

it.each([
  ['a target', 30, (bar: number) => bqx(bar + 30)],
  ['a future return in another unit', 45, (bar: number) => bqx(bar + 45) / 100],
  ['the next bar', 1, (bar: number) => bqx(bar + 1)],
  ['a bar between two horizons, negated and indexed to 100', 22, (bar: number) => 100 - bqx(bar + 22)],
  ['a target with holes', 15, (bar: number) => (bar % 3 === 0 ? Number.NaN : bqx(bar + 15))],
  ['a target in every twentieth row', 15, (bar: number) => (bar % 20 === 0 ? bqx(bar + 15) : Number.NaN)],
  ['a rounded target', 30, (bar: number) => Math.round(2 * bqx(bar + 30)) / 2],
  ['the next bar, rounded', 1, (bar: number) => Math.round(10 * bqx(bar + 1)) / 10],
  ['a target with a little noise', 15, (bar: number) => bqx(bar + 15) + random() / 10],
  ['a squashed target', 45, (bar: number) => Math.tanh(bqx(bar + 45) / 2)],
  ['the sign of a target', 30, (bar: number) => Math.sign(bqx(bar + 30))],
  ['a 0/1 label', 45, (bar: number) => (bqx(bar + 45) > 0.5 ? 1 : 0)],
  [
    'a label of three classes, the other way round',
    22,
    (bar: number) => -Math.sign(Math.round(bqx(bar + 22) / 4)),
  ],
  ['the sign of the next bar', 1, (bar: number) => Math.sign(bqx(bar + 1))],
])('finds %s', (_, bars, of) => {
  expect(shifted.lookAhead(column(of))).toBe(bars);
});

it.each([
  ['what is known now', bqx],
  ['the past', (bar: number) => bqx(bar - 15)],
  ['a constant', () => 3],
  ['nothing', () => Number.NaN],
  ['noise', () => random()],
  ['a target with much noise', (bar: number) => bqx(bar + 15) + 4 * random()],
  ['the known part of the next bar', (bar: number) => close[bar]! - close[bar - 44]!],
  ['the known part of a target', (bar: number) => close[bar]! - close[bar - 30]!],
  ['the direction so far', (bar: number) => Math.sign(close[bar]! - close[bar - 44]!)],
  ['an event', (bar: number) => (bar > 5000 && bar < 5100 ? 1 : 0)],
])('leaves %s alone', (_, of) => {
  expect(shifted.lookAhead(column(of))).toBeUndefined();
});

it('says nothing when too few rows can be compared', () => {
  const few = sampled.filter((_, row) => row < 100).map((bar) => bar * 50);
  const values = { horizon: 15, values: Float64Array.from(few, (bar) => bqx(bar + 15)).fill(Number.NaN, 10) };
  expect(new ShiftedTargets(few, [values]).lookAhead(Float32Array.from(values.values))).toBeUndefined();
});

describe.each([
  ['every bar', (_: number) => true],
  ['every thirtieth bar or so', (bar: number) => (bar * 2_654_435_761) % 30 < 1],
  ['whole days', (bar: number) => Math.floor(bar / 1440) % 4 === 0],
])('a sample of %s', (_, isSampled) => {
  it.each([45, 180, 720])('knows what is honest at a window of %d bars', (window) => {
    const length = 40_000;
    const price: number[] = [];
    let volatility = 0.1;
    for (let bar = 0; bar < length; bar++) {
      volatility = 0.98 * volatility + 0.002 + 0.01 * (random() < 0.01 ? 1 : 0);
      price.push(
        (price[bar - 1] ?? 100) * Math.exp(0.01 * volatility * (random() + random() + random() - 1.5)),
      );
    }
    const change = (end: number, bars: number): number =>
      end - bars < 0 || end >= length
        ? Number.NaN
        : (100 * (price[end]! - price[end - bars]!)) / price[end - bars]!;
    const rows = Int32Array.from(price.keys()).filter(isSampled);
    const horizons = [15, 30, 45, 60, 75, 90, 105];
    const finder = new ShiftedTargets(
      rows,
      horizons.map((horizon) => ({
        horizon,
        values: Float64Array.from(rows, (bar) => change(bar + horizon, window)),
      })),
    );
    const ahead = (of: (bar: number) => number) => finder.lookAhead(Float32Array.from(rows, of));
    let average = 100;
    const smooth = price.map((now) => (average += (now - average) / 20));
    const lengths = [5, 15, 30, 44, 45, 46, 90, 175, 179, 180, 715, 719, 720];
    for (const bars of lengths) {
      for (const [name, of] of [
        ['change', (bar: number) => change(bar, bars)],
        ['lag', (bar: number) => change(bar - bars, window)],
        ['sign', (bar: number) => Math.sign(change(bar, bars))],
        ['classes', (bar: number) => Math.round(3 * change(bar, bars))],
        ['smoothed', (bar: number) => smooth[bar]! - smooth[Math.max(0, bar - bars)]!],
        ['against old moves', (bar: number) => change(bar - 5, bars) - change(bar - bars, 5)],
      ] as const) {
        expect(ahead(of), `${name} ${bars}`).toBeUndefined();
      }
    }
    for (const of of [(bar: number) => price[bar]!, (bar: number) => smooth[bar]!, (bar: number) => bar]) {
      expect(ahead(of)).toBeUndefined();
    }
    expect(ahead((bar) => Math.round(100 * change(bar + 30, window)) / 100)).toBe(30);
    expect(ahead((bar) => Math.sign(change(bar + 60, window)))).toBe(60);
  });
});
