import { createHash } from 'node:crypto';
import { PAIRS } from '@onescan/contract/pair.js';
import { describe, expect, it } from 'vitest';
import { type SimulatedBars, simulateBars } from './simulate-bars.js';

const simulate = (bars: number, seed = 1n, effect = 1): Map<string, SimulatedBars> =>
  new Map([...simulateBars({ kind: 'simulation', seed, bars, effect })].map((pair) => [pair.pair, pair]));

/** One pair; the pairs after it are not simulated. */
function simulateOne(pair: string, bars: number): SimulatedBars {
  for (const simulated of simulateBars({ kind: 'simulation', seed: 1n, bars })) {
    if (simulated.pair === pair) return simulated;
  }
  throw new Error(`no pair ${pair}`);
}

function digest(market: Map<string, SimulatedBars>): string {
  const hash = createHash('sha256');
  for (const bars of market.values()) {
    for (const column of [bars.minute, bars.open, bars.high, bars.low, bars.close, bars.volume]) {
      hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    }
  }
  return hash.digest('hex');
}

/** 100 * (close[t] - close[t-W]) / close[t-W] with W = 45; NaN for the first rows. */
const bqx45 = (close: Float64Array): Float64Array =>
  close.map((value, t) => (t < 45 ? Number.NaN : (100 * (value - close[t - 45]!)) / close[t - 45]!));

/** Share of rows in which the sign of `guess` is the sign of `truth`. */
function signAccuracy(rows: number, guess: (t: number) => number, truth: (t: number) => number): number {
  let right = 0;
  let all = 0;
  for (let t = 0; t < rows; t++) {
    const product = guess(t) * truth(t);
    if (!Number.isFinite(product)) continue;
    all++;
    if (product > 0) right++;
  }
  return right / all;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const dot = (u: readonly number[], mu: number, v: readonly number[], mv: number): number =>
    u.reduce((sum, value, i) => sum + (value - mu) * (v[i]! - mv), 0);
  return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
}

/** Correlation of the euro pairs' mean log volume over the last 45 bars with EURUSD's return over the next 45. */
function flowCorrelation(market: Map<string, SimulatedBars>): number {
  const complete = PAIRS.filter((pair) => pair.includes('usd'));
  const euro = market.get('eurusd')!;
  const flow = Array.from(euro.volume, (volume, t) => {
    const others = complete
      .filter((pair) => pair !== 'eurusd')
      .map((pair) => Math.log(market.get(pair)!.volume[t]!));
    return Math.log(volume) - others.reduce((sum, v) => sum + v, 0) / others.length;
  });
  const bqx = bqx45(euro.close);
  const averages: number[] = [];
  const targets: number[] = [];
  for (let t = 45; t + 45 < flow.length; t++) {
    averages.push(flow.slice(t - 44, t + 1).reduce((sum, v) => sum + v, 0));
    targets.push(bqx[t + 45]!);
  }
  return correlation(averages, targets);
}

describe('simulateBars', () => {
  it('gives the same bytes for the same source, on every machine', () => {
    expect(digest(simulate(400))).toBe('14a79ed9fe663770d0307444ba0e672db0102b2608d9f2354c0c8ba94eb42425');
    expect(digest(simulate(400, 2n))).not.toBe(digest(simulate(400)));
  });

  it('gives bars that are sorted, positive and within their high and low, all 28 pairs in order', () => {
    const market = simulate(2000);
    expect([...market.keys()]).toEqual(PAIRS);
    const isSound = ({ minute, open, high, low, close, volume }: SimulatedBars, t: number): boolean =>
      (t === 0 || minute[t]! > minute[t - 1]!) &&
      low[t]! > 0 &&
      low[t]! <= Math.min(open[t]!, close[t]!) &&
      high[t]! >= Math.max(open[t]!, close[t]!) &&
      volume[t]! >= 1;
    for (const bars of market.values()) {
      expect(Array.from(bars.minute.keys()).filter((t) => !isSound(bars, t))).toEqual([]);
    }
  });

  it('jumps weekends and misses bars of crosses only', () => {
    const market = simulate(9000);
    const { minute } = market.get('eurusd')!;
    const gaps = Array.from(minute.subarray(1), (value, i) => value - minute[i]!).filter((gap) => gap !== 1);
    expect(gaps).toEqual([48 * 60 + 1]);
    expect(market.get('usdjpy')!.minute.length).toBe(9000);
    expect(market.get('eurgbp')!.minute.length).toBeLessThan(9000);
  });

  it('keeps triangles nearly closed: a fraction of a basis point', () => {
    const market = simulate(3000);
    const [a, b, c] = ['eurusd', 'gbpusd', 'eurgbp'].map((pair) => market.get(pair)!);
    const at = new Map(Array.from(c!.minute, (minute, t) => [minute, c!.close[t]!]));
    const errors = Array.from(
      a!.minute,
      (minute, t) => 1e4 * Math.log(a!.close[t]! / b!.close[t]! / at.get(minute)!),
    );
    const squares = errors.filter(Number.isFinite).map((error) => error * error);
    const deviation = Math.sqrt(squares.reduce((sum, v) => sum + v, 0) / squares.length);
    expect(deviation).toBeGreaterThan(0.17);
    expect(deviation).toBeLessThan(0.23);
  });

  const walk = simulateOne('usdjpy', 120_000);

  // Known part: 1/2 + asin(sqrt((45-H)/45))/pi (domain.md, 3.2); persistence: 1/2 + asin((45-H)/45)/pi.
  it.each([15, 30, 45, 105])(
    'makes USDJPY a random walk: overlap alone explains the signs at h%i',
    (horizon) => {
      const { close } = walk;
      const bqx = bqx45(close);
      const overlap = Math.max(0, 45 - horizon);
      const known = (t: number): number => (t < overlap ? Number.NaN : close[t]! - close[t - overlap]!);
      const persistence = signAccuracy(
        close.length,
        (t) => bqx[t]!,
        (t) => bqx[t + horizon] ?? Number.NaN,
      );
      // Some 2,700 independent stretches of 45 bars: 0.03 is three standard errors.
      expect(Math.abs(persistence - (0.5 + Math.asin(overlap / 45) / Math.PI))).toBeLessThan(0.03);
      if (overlap === 0) return;
      const accuracy = signAccuracy(close.length, known, (t) => bqx[t + horizon] ?? Number.NaN);
      expect(Math.abs(accuracy - (0.5 + Math.asin(Math.sqrt(overlap / 45)) / Math.PI))).toBeLessThan(0.03);
    },
  );

  it('plants the documented effect in EURUSD, and none at strength 0', () => {
    expect(flowCorrelation(simulate(20_000))).toBeGreaterThan(0.4);
    expect(Math.abs(flowCorrelation(simulate(20_000, 1n, 0)))).toBeLessThan(0.15);
  });
});
