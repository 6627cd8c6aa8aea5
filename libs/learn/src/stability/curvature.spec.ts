import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { curvatureScore } from './curvature.js';

describe('curvatureScore', () => {
  it.each([1, 3, 4])('is a standard normal number by chance, for %d contrasts', (contrasts) => {
    const random = seededRandom(BigInt(contrasts));
    const scores = Array.from({ length: 2000 }, () => {
      const squares = Array.from({ length: contrasts + 1 }, () => random.normal() ** 2);
      const [line, ...curved] = squares as [number, ...number[]];
      const rows = 400;
      const rest = Array.from({ length: rows - 2 - contrasts }, () => random.normal() ** 2);
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
      const square = line + sum(curved) + sum(rest);
      return curvatureScore({ line, curved: sum(curved), contrasts, rows, sum: 0, square });
    });
    const above = (limit: number) => scores.filter((value) => value > limit).length / scores.length;
    expect(Math.abs(above(0) - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(above(1.645) - 0.05)).toBeLessThan(0.02);
  });

  it('falls with inflation and is -Infinity without contrasts or variance', () => {
    const fit = { line: 10, curved: 12, contrasts: 3, rows: 1000, sum: 0, square: 1000 };
    expect(curvatureScore(fit)).toBeGreaterThan(curvatureScore({ ...fit, inflation: 2 }));
    expect(curvatureScore({ ...fit, contrasts: 0 })).toBe(Number.NEGATIVE_INFINITY);
    expect(curvatureScore({ ...fit, line: 0, curved: 0, square: 0 })).toBe(Number.NEGATIVE_INFINITY);
    expect(curvatureScore({ ...fit, curved: 990 })).toBe(Number.POSITIVE_INFINITY);
  });
});
