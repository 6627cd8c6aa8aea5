import { describe, expect, it } from 'vitest';
import { valueStatistics } from './score-value.js';
import { correlation, r2, rankCorrelation, ranks } from './value-metrics.js';

const f = (...values: number[]) => Float64Array.from(values);

describe('value metrics', () => {
  it('R2 against the mean and against a reference', () => {
    expect(r2(f(1, 2, 4), f(1, 2, 3))()).toBeCloseTo(0.5, 14);
    expect(r2(f(2, 2, 2), f(1, 2, 3))()).toBe(0);
    expect(r2(f(1, 2, 4), f(1, 2, 3), f(0, 0, 0))()).toBeCloseTo(1 - 1 / 14, 14);
  });

  it('correlations, with ties sharing their mean rank', () => {
    expect([...ranks(f(10, 30, 10, 20))]).toEqual([1.5, 4, 1.5, 3]);
    expect(correlation(f(1, 2, 3), f(2, 4, 6))()).toBeCloseTo(1, 14);
    expect(correlation(f(1, 2, 3), f(1, 0, 1))()).toBeCloseTo(0, 14);
    expect(rankCorrelation(f(1, 2, 3), f(1, 100, 1e6))()).toBeCloseTo(1, 14);
    expect(correlation(f(1, 1), f(1, 2))()).toBeNaN();
  });

  it('overlap flatters the whole target and not the unknown part', () => {
    const known = f(-2, -1, 1, 2);
    const unknown = f(0.1, -0.1, 0.1, -0.1);
    const nothing = valueStatistics({ prediction: new Float64Array(4), known, unknown });
    expect(nothing.r2()).toBeGreaterThan(0.99);
    expect(nothing.unknownR2()).toBe(0);
    expect(nothing.unknownIc()).toBeNaN();
  });
});
