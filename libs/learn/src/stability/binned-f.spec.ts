import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { oneWayScore } from './binned-f.js';

function score(target: number[], bin: number[]): number {
  const sums = new Map<number, { sum: number; rows: number }>();
  target.forEach((y, row) => {
    const cell = sums.get(bin[row]!) ?? { sum: 0, rows: 0 };
    sums.set(bin[row]!, { sum: cell.sum + y, rows: cell.rows + 1 });
  });
  return oneWayScore({
    binSquares: [...sums.values()].reduce((total, { sum, rows }) => total + sum ** 2 / rows, 0),
    bins: sums.size,
    rows: target.length,
    sum: target.reduce((total, y) => total + y, 0),
    square: target.reduce((total, y) => total + y * y, 0),
  });
}

describe('oneWayScore', () => {
  it.each([2, 5, 40])('is a standard normal number by chance, whatever the number of bins (%d)', (bins) => {
    const random = seededRandom(BigInt(bins));
    const scores = Array.from({ length: 600 }, () => {
      const target = Array.from({ length: 300 }, () => 3 + random.normal());
      return score(
        target,
        target.map(() => random.below(bins)),
      );
    });
    const above = (limit: number) => scores.filter((value) => value > limit).length / scores.length;
    expect(Math.abs(above(0) - 0.5)).toBeLessThan(0.07);
    expect(Math.abs(above(1.645) - 0.05)).toBeLessThan(0.03);
  });

  it('agrees with the tail of F: F(3, 20) = 4.94 and F(10, 60) = 2.63 have p = 0.01', () => {
    const at = (f: number, d1: number, d2: number) =>
      oneWayScore({ binSquares: f * d1, bins: d1 + 1, rows: d1 + 1 + d2, sum: 0, square: f * d1 + d2 });
    expect(at(4.938, 3, 20)).toBeCloseTo(2.326, 1);
    expect(at(2.632, 10, 60)).toBeCloseTo(2.326, 1);
  });

  it('is -Infinity without two bins or without variance, Infinity for a perfect fit', () => {
    expect(score([1, 2, 3], [0, 0, 0])).toBe(Number.NEGATIVE_INFINITY);
    expect(score([2, 2, 2], [0, 0, 1])).toBe(Number.NEGATIVE_INFINITY);
    expect(score([1, 1, -1, -1], [0, 0, 1, 1])).toBe(Number.POSITIVE_INFINITY);
  });
});
