import { expect, it } from 'vitest';
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
])('finds %s', (_, bars, of) => {
  expect(shifted.lookAhead(column(of))).toBe(bars);
});

it.each([
  ['what is known now', bqx],
  ['the past', (bar: number) => bqx(bar - 15)],
  ['a constant', () => 3],
  ['nothing', () => Number.NaN],
  ['noise', () => random()],
  ['a target with noise', (bar: number) => bqx(bar + 15) + random() / 10],
])('leaves %s alone', (_, of) => {
  expect(shifted.lookAhead(column(of))).toBeUndefined();
});

it('says nothing when too few rows can be compared', () => {
  const few = sampled.filter((_, row) => row < 100).map((bar) => bar * 50);
  const values = { horizon: 15, values: Float64Array.from(few, (bar) => bqx(bar + 15)).fill(Number.NaN, 10) };
  expect(new ShiftedTargets(few, [values]).lookAhead(Float32Array.from(values.values))).toBeUndefined();
});
