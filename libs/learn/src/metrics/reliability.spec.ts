import { describe, expect, it } from 'vitest';
import { reliabilityBins, reliabilityStatistics } from './reliability.js';
import { resampleOf } from './resample.js';

describe('reliabilityBins', () => {
  it('cuts rows into tenths by probability, whatever their order', () => {
    const probability = Float64Array.from({ length: 40 }, (_, row) => ((row * 7) % 40) / 40);
    const { of, bins } = reliabilityBins(probability);
    expect(bins.map(({ rows }) => rows)).toEqual(new Array(10).fill(4));
    expect(bins[0]).toMatchObject({ low: 0, high: 3 / 40 });
    expect(bins[9]!.mean).toBeCloseTo((36 + 37 + 38 + 39) / 4 / 40, 12);
    probability.forEach((p, row) => {
      expect(of[row]).toBe(Math.floor(p * 10 + 1e-9));
    });
  });

  it('has as many bins as rows when there are fewer than ten', () => {
    expect(reliabilityBins(Float64Array.of(0.9, 0.1, 0.5)).bins.map(({ mean }) => mean)).toEqual([
      0.1, 0.5, 0.9,
    ]);
  });
});

describe('reliabilityStatistics', () => {
  it('is the share of "up" in a bin, and follows multiplicities', () => {
    const probability = Float64Array.from({ length: 20 }, (_, row) => row / 20);
    const label = Float64Array.from({ length: 20 }, (_, row) => (row === 0 || row >= 10 ? 1 : 0));
    const statistics = reliabilityStatistics(probability, label);
    expect(Object.values(statistics).map((statistic) => statistic())).toEqual([
      0.5, 0, 0, 0, 0, 1, 1, 1, 1, 1,
    ]);
    const multiplicity = new Float64Array(20).fill(1);
    multiplicity[0] = 3;
    expect(statistics[0]!(resampleOf(multiplicity))).toBe(0.75);
  });
});
