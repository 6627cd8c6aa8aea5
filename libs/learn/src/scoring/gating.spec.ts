import { describe, expect, it } from 'vitest';
import { chooseThreshold } from './choose-threshold.js';
import { gateAtCoverage, gateAtThreshold } from './gating-curve.js';

const f = (...values: number[]) => Float64Array.from(values);

describe('gateAtThreshold', () => {
  it('calls p >= t and p <= 1 - t', () => {
    const probability = f(0.7, 0.3, 0.69, 0.31, 0.9);
    const label = f(1, 1, 0, 0, 1);
    const { calls, coverage, accuracy } = gateAtThreshold(probability, label, 0.7);
    expect([calls, coverage]).toEqual([3, 0.6]);
    expect(accuracy()).toBeCloseTo(2 / 3, 14);
  });

  it('has no accuracy when nothing is called', () => {
    expect(gateAtThreshold(f(0.5), f(1), 0.55).accuracy()).toBeNaN();
  });
});

describe('gateAtCoverage', () => {
  it('calls the most confident share, by magnitude', () => {
    const score = f(0.1, -3, 2, -0.2);
    const label = f(0, 0, 0, 1);
    expect(gateAtCoverage(score, label, 0.5).calls).toBe(2);
    expect(gateAtCoverage(score, label, 0.5).accuracy()).toBe(0.5);
    expect(gateAtCoverage(score, label, 0.25).accuracy()).toBe(1);
    expect(gateAtCoverage(score, label, 1).accuracy()).toBe(0.25);
  });
});

describe('chooseThreshold', () => {
  // Confident calls are right, timid ones are not.
  const probability = f(0.56, 0.57, 0.58, 0.59, 0.72, 0.73, 0.9, 0.1);
  const label = f(0, 0, 0, 1, 1, 0, 1, 0);

  it('takes the most accurate threshold that still calls enough', () => {
    expect(chooseThreshold(probability, label, 0.5)).toEqual({
      threshold: 0.6,
      coverage: 0.5,
      accuracy: 0.75,
    });
    expect(chooseThreshold(probability, label, 0.2)).toEqual({
      threshold: 0.75,
      coverage: 0.25,
      accuracy: 1,
    });
  });

  it('has none when too few rows are called', () => {
    expect(chooseThreshold(f(0.5, 0.51), f(1, 0), 0.2)).toBeNull();
  });
});
