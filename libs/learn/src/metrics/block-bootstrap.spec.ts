import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { blockBootstrap, blockRows } from './block-bootstrap.js';
import { weightedMean } from './weighted-statistic.js';

const count = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);

describe('blockRows', () => {
  it('is decided in bars: every run of so many rows covers horizon + window bars', () => {
    const geometry = { horizon: 15, targetWindow: 45 };
    expect(blockRows(count(500), Int32Array.from(count(500)), geometry)).toBe(61);
    expect(
      blockRows(
        count(500),
        Int32Array.from(count(500), (row) => 25 * row),
        geometry,
      ),
    ).toBe(4);
    expect(blockRows(count(5), Int32Array.from(count(5)), geometry)).toBe(5);
  });
});

describe('blockBootstrap', () => {
  const input = { rows: 400, blockRows: 10, replicates: 300, level: 0.05, seed: 7n };

  it('gives the same interval for the same seed', () => {
    const random = seededRandom(1n);
    const value = Float64Array.from({ length: 400 }, () => random.normal());
    const run = () => blockBootstrap(input, { mean: weightedMean(value) }).mean;
    expect(run()).toEqual(run());
    expect(blockBootstrap({ ...input, seed: 8n }, { mean: weightedMean(value) }).mean.low).not.toBe(
      run().low,
    );
  });

  it('sees the dependence that single rows hide', () => {
    const random = seededRandom(2n);
    let level = 0;
    const value = Float64Array.from({ length: 400 }, (_, row) => {
      if (row % 10 === 0) level = random.normal();
      return level;
    });
    const error = (length: number) =>
      blockBootstrap({ ...input, blockRows: length }, { mean: weightedMean(value) }).mean.standardError;
    // 40 independent values: 1 / sqrt(40) = 0.158; single rows pretend there are 400.
    expect(error(20)).toBeGreaterThan(0.11);
    expect(error(1)).toBeLessThan(0.07);
  });

  it('misses the true mean about as often as the level says, on both sides', () => {
    let below = 0;
    let above = 0;
    const trials = 300;
    for (let trial = 0; trial < trials; trial++) {
      const random = seededRandom(BigInt(trial));
      const noise = Float64Array.from({ length: 209 }, () => random.normal());
      const value = Float64Array.from({ length: 200 }, (_, row) => {
        let sum = 0;
        for (let k = 0; k < 5; k++) sum += noise[row + k]!;
        return sum;
      });
      const setup = { rows: 200, blockRows: 10, replicates: 60, level: 0.05, seed: BigInt(trial) };
      const { mean } = blockBootstrap(setup, { mean: weightedMean(value) });
      if (mean.low > 0) below++;
      if (mean.high < 0) above++;
    }
    // Blocks of twice the dependence still lose a little variance: allow up to 8.5 %.
    for (const misses of [below, above]) {
      expect(misses / trials).toBeGreaterThan(0.02);
      expect(misses / trials).toBeLessThan(0.085);
    }
  });

  it('has no interval for a single block, and none where the statistic is undefined', () => {
    const flat = weightedMean(new Float64Array(400).fill(1));
    expect(blockBootstrap({ ...input, blockRows: 400 }, { flat }).flat.low).toBeNaN();
    const undefinedMean = blockBootstrap(input, {
      none: weightedMean(new Float64Array(400).fill(Number.NaN)),
    });
    expect(undefinedMean.none.value).toBeNaN();
    expect(undefinedMean.none.low).toBeNaN();
    expect(() => blockBootstrap({ ...input, blockRows: 401 }, { flat })).toThrow(LearnInputError);
  });
});
