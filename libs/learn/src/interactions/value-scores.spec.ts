import { describe, expect, it } from 'vitest';
import { valueScores } from './value-scores.js';

describe('valueScores', () => {
  it('gives bins ascending scores of mean 0 and variance 1, and missing rows none', () => {
    const counts = [500, ...Array.from({ length: 40 }, (_, bin) => 10 + bin)];
    const scores = valueScores(counts);
    const mean = (of: (score: number) => number) =>
      counts.slice(1).reduce((sum, count, bin) => sum + count * of(scores[bin + 1]!), 0) /
      counts.slice(1).reduce((sum, count) => sum + count, 0);
    expect(scores[0]).toBe(0);
    expect(mean((score) => score)).toBeCloseTo(0, 9);
    expect(mean((score) => score * score)).toBeCloseTo(1, 9);
    for (let bin = 2; bin < scores.length; bin++) expect(scores[bin]).toBeGreaterThan(scores[bin - 1]!);
  });

  it('limits the score of values that few rows have, and has none for a single value', () => {
    expect([...valueScores([0, 999, 1])].at(-1)).toBe(2.5);
    expect([...valueScores([10, 1000])]).toEqual([0, 0]);
  });

  it('is close to both a sign and a normal value', () => {
    const scores = valueScores([0, ...Array.from({ length: 63 }, () => 100)]);
    const sign = [...scores].slice(1).reduce((sum, score, k) => sum + score * Math.sign(k - 31), 0) / 63;
    expect(sign).toBeCloseTo(0.94, 1);
  });
});
