import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { blockBootstrap, blockRows, bootstrapBlock, degreesOfFreedom, pValue } from './block-bootstrap.js';
import { studentQuantile } from './student-quantile.js';
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

describe('bootstrapBlock', () => {
  const every = (spacing: number) => Int32Array.from(count(2000), (row) => spacing * row);

  it('is four label windows long, or horizon + window where that is more', () => {
    expect(bootstrapBlock(count(2000), every(1), { horizon: 15, targetWindow: 45 })).toEqual({
      rows: 181,
      unseen: 1 / 12,
    });
    expect(bootstrapBlock(count(2000), every(1), { horizon: 255, targetWindow: 45 })).toEqual({
      rows: 301,
      unseen: 0.05,
    });
  });

  it('does not see the share of a mean of overlapping labels that it says', () => {
    const window = 12;
    const geometry = { horizon: window, targetWindow: window };
    const variances = { shown: 0, real: 0 };
    const trials = 60;
    for (let trial = 0; trial < trials; trial++) {
      const random = seededRandom(BigInt(trial));
      const step = Float64Array.from({ length: 2000 + window }, () => random.normal());
      const value = Float64Array.from(count(2000), (row) => {
        let sum = 0;
        for (let k = 0; k < window; k++) sum += step[row + k]!;
        return sum;
      });
      const block = { ...bootstrapBlock(count(2000), every(1), geometry), unseen: 0 };
      const setup = { rows: 2000, block, replicates: 200, level: 0.05, seed: BigInt(trial) };
      variances.shown +=
        blockBootstrap(setup, { mean: weightedMean(value) }).mean.standardError ** 2 / trials;
      variances.real = (window * window) / 2000;
    }
    const { unseen } = bootstrapBlock(count(2000), every(1), geometry);
    expect(variances.shown / variances.real / (1 - unseen)).toBeGreaterThan(0.94);
    expect(variances.shown / variances.real / (1 - unseen)).toBeLessThan(1.06);
  });
});

describe('pValue', () => {
  it('is the level where the interval ends at zero', () => {
    const degrees = degreesOfFreedom({
      ...{ rows: 400, block: { rows: 10, unseen: 0 }, replicates: 300 },
      ...{ level: 0.00026, seed: 1n },
    });
    expect(degrees).toBeCloseTo(34.5, 1);
    const value = 0.3 * studentQuantile(0.00026, degrees);
    expect(pValue({ value, low: 0, high: 0, standardError: 0.3 }, degrees)).toBeCloseTo(0.00026, 9);
  });

  it('is not known where nothing varies', () => {
    expect(pValue({ value: 0, low: 0, high: 0, standardError: 0 }, 20)).toBeNaN();
    expect(pValue({ value: 1, low: 0, high: 0, standardError: 1 }, Number.NaN)).toBeNaN();
  });
});

describe('blockBootstrap', () => {
  const input = { rows: 400, block: { rows: 10, unseen: 0 }, replicates: 300, level: 0.05, seed: 7n };

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
      blockBootstrap({ ...input, block: { rows: length, unseen: 0 } }, { mean: weightedMean(value) }).mean
        .standardError;
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
      const block = { rows: 20, unseen: 1 / 12 };
      const setup = { rows: 200, block, replicates: 60, level: 0.05, seed: BigInt(trial) };
      const { mean } = blockBootstrap(setup, { mean: weightedMean(value) });
      if (mean.low > 0) below++;
      if (mean.high < 0) above++;
    }
    // 300 trials: 1.3 % is one deviation.
    for (const misses of [below, above]) {
      expect(misses / trials).toBeGreaterThan(0.02);
      expect(misses / trials).toBeLessThan(0.08);
    }
  });

  it('has no interval for a single block, and none where the statistic is undefined', () => {
    const flat = weightedMean(new Float64Array(400).fill(1));
    expect(blockBootstrap({ ...input, block: { rows: 400, unseen: 0 } }, { flat }).flat.low).toBeNaN();
    const undefinedMean = blockBootstrap(input, {
      none: weightedMean(new Float64Array(400).fill(Number.NaN)),
    });
    expect(undefinedMean.none.value).toBeNaN();
    expect(undefinedMean.none.low).toBeNaN();
    expect(() => blockBootstrap({ ...input, block: { rows: 401, unseen: 0 } }, { flat })).toThrow(
      LearnInputError,
    );
  });
});
