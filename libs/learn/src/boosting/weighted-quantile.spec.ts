import { describe, expect, it } from 'vitest';
import { weightedQuantile } from './weighted-quantile.js';

describe('weightedQuantile', () => {
  it('is the median of odd and even counts', () => {
    expect(weightedQuantile(Float64Array.of(5, 1, 3), undefined, 0.5)).toBe(3);
    expect(weightedQuantile(Float64Array.of(5, 1, 3, 4), undefined, 0.5)).toBe(3.5);
  });

  it('counts a weight like repeats', () => {
    const weighted = weightedQuantile(Float64Array.of(1, 2, 10), Float64Array.of(1, 1, 4), 0.4);
    expect(weighted).toBe(weightedQuantile(Float64Array.of(1, 2, 10, 10, 10, 10), undefined, 0.4));
  });

  it('needs values', () => {
    expect(() => weightedQuantile(new Float64Array(0), undefined, 0.5)).toThrow('at least one value');
  });
});
