import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { studentQuantile } from './student-quantile.js';

describe('studentQuantile', () => {
  it.each([
    // Tail, degrees, value of the printed tables.
    [0.025, 1, 12.7062],
    [0.025, 2, 4.3027],
    [0.01, 5, 3.3649],
    [0.01, 10, 2.7638],
    [0.005, 30, 2.75],
    [0.05, 120, 1.6577],
    [0.01, 1e9, 2.3263],
  ])('tail %d with %d degrees is %d', (tail, degrees, value) => {
    expect(studentQuantile(tail, degrees)).toBeCloseTo(value, 3);
  });

  it('refuses tails and degrees that make no sense', () => {
    expect(() => studentQuantile(0.5, 3)).toThrow(LearnInputError);
    expect(() => studentQuantile(0.1, 0.5)).toThrow(LearnInputError);
  });
});
