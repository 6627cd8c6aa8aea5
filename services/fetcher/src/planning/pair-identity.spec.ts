import { describe, expect, it } from 'vitest';
import { identityFault, type PairIdentity } from './pair-identity.js';

const W = 45;
const BARS = 60_000;
const MINUTE = 60_000;

/** The same on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const uniform = random(7);
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const close = new Float64Array(BARS).fill(1.1);
for (let t = 1; t < BARS; t++) close[t] = close[t - 1]! * (1 + 1.3e-4 * normal());
// Five days a week: bars jump the weekends.
const time = Float64Array.from(close, (_, t) => 1.6e12 + MINUTE * (t + 2880 * Math.floor(t / 7200)));
const change = (t: number, w = W) => (100 * (close[t]! - close[t - w]!)) / close[t - w]!;
const sampled = Array.from(close.keys()).filter((t) => t > 5000 && t < BARS - 5000 && uniform() < 0.2);
const at = (value: (t: number) => number) => Float64Array.from(sampled, value);
const sound: PairIdentity = {
  window: W,
  bar: Int32Array.from(sampled),
  time: Float64Array.from(sampled, (t) => time[t]!),
  persistence: at((t) => change(t)),
  own: at((t) => change(t) * (1 + 1e-14)),
};
/** Bar of the same clock time some hours on, or undefined. */
const byTime = new Map([...time].map((ms, t) => [ms, t]));
const hoursOn = (t: number, hours: number) => byTime.get(time[t]! + hours * 3_600_000);

describe('identityFault', () => {
  it.each<[string, Partial<PairIdentity>]>([
    ['rounded by a double', {}],
    ['rounded to four digits', { persistence: at((t) => Number(change(t).toFixed(4))) }],
    ['of prices with five digits', { own: at((t) => (100 * (round(t) - round(t - W))) / round(t - W)) }],
    ['with a tenth of the rows off', { own: at((t) => (t % 10 === 0 ? change(t - 1) : change(t))) }],
    ['where half is missing', { own: at((t) => (t % 2 === 0 ? Number.NaN : change(t))) }],
    ['of 40 rows alone', { own: at((t) => (t < sampled[40]! ? change(t - 7) : Number.NaN)) }],
  ])('lets a sound pair pass: %s', (_, changes) => {
    expect(identityFault({ ...sound, ...changes })).toBeUndefined();
  });

  it.each<[string, Partial<PairIdentity>, object]>([
    ['late by a bar', { own: at((t) => change(t - 1)) }, { code: 'shifted', bars: 1 }],
    ['two bars ahead', { own: at((t) => change(t + 2)) }, { code: 'shifted', bars: -2 }],
    [
      'of another time zone',
      { own: at((t) => (hoursOn(t, -5) ? change(hoursOn(t, -5)!) : Number.NaN)) },
      { code: 'shifted', bars: 300, hours: 5 },
    ],
    ['of another window', { persistence: at((t) => change(t, 90)) }, { code: 'other_window', window: 90 }],
    ['of indexed prices', { persistence: at((t) => 100 * close[t]!) }, { code: 'indexed', of: 'targets' }],
    ['in parts, not percent', { persistence: at((t) => change(t) / 100) }, { code: 'scaled' }],
    ['of the turned pair', { persistence: at((t) => -change(t)) }, { code: 'scaled' }],
    ['of another pair', { own: at(() => 0.087 * normal()) }, { code: 'other_prices' }],
    ['without a common key', { own: at(() => Number.NaN) }, { code: 'no_common_key' }],
  ])('names what is wrong with a pair %s', (_, changes, cause) => {
    const fault = identityFault({ ...sound, ...changes })!;
    expect(fault.cause).toMatchObject(cause);
    expect(fault.difference).toBeGreaterThan(0.1);
  });

  it('finds what is off in a fifth of the period', () => {
    const from = sampled[Math.floor(0.8 * sampled.length)]!;
    const fault = identityFault({ ...sound, own: at((t) => (t >= from ? change(t - 1) : change(t))) })!;
    expect(fault.cause).toEqual({ code: 'shifted', bars: 1 });
    expect(sampled[fault.first]).toBeGreaterThanOrEqual(from);
  });
});

function round(t: number): number {
  return Number(close[t]!.toFixed(5));
}
