import { describe, expect, it } from 'vitest';
import {
  allBounds,
  type BoundKind,
  expectedFalseSelections,
  largestQ,
  smallestThreshold,
} from './error-bounds.js';

// Reference: the R package stabs (p = 100, threshold 0.6, 50 complementary pairs).
const TABLE: [q: number, mb: number, unimodal: number, rConcave: number][] = [
  [1, 0.05, 0.02631579, 0.006971364],
  [2, 0.2, 0.1052632, 0.03342845],
  [3, 0.45, 0.2368421, 0.08691176],
  [4, 0.8, 0.4210526, 0.1637231],
  [5, 1.25, 0.6578947, 0.2605329],
  [6, 1.8, 0.9473684, 0.3820466],
  [8, 3.2, 1.684211, 0.7042719],
  [10, 5, 2.631579, 1.141338],
];

function relative(actual: number, expected: number): number {
  return Math.abs(actual - expected) / expected;
}

describe('expectedFalseSelections', () => {
  it.each(TABLE)('reproduces the table of stabs at q = %d', (q, mb, unimodal, rConcave) => {
    const bounds = allBounds({ p: 100, q, threshold: 0.6, pairs: 50 });
    expect(relative(bounds.mb, mb)).toBeLessThan(1e-6);
    expect(relative(bounds.unimodal, unimodal)).toBeLessThan(1e-6);
    // stabs' one-dimensional optimiser stops early for small q.
    expect(relative(bounds.rConcave, rConcave)).toBeLessThan(q >= 4 ? 1e-5 : 5e-3);
  });

  it.each([
    [0.37, 4.988848],
    [0.61, 1.005863],
    [0.62, 0.8971682],
  ])('gives the r-concave bound at threshold %d', (threshold, expected) => {
    const bound = expectedFalseSelections({ p: 100, q: 10, threshold, pairs: 50 }, 'r-concave');
    expect(relative(bound, expected)).toBeLessThan(1e-5);
  });

  it('takes the supremum at threshold 1, where the optimiser of stabs stops short of it', () => {
    // The tail is largest at the very end of the last interval of shifts; R's optimize() stays 8e-5 away
    // from it, which gives 0.005184816. The supremum is the larger, hence the valid bound.
    const bound = expectedFalseSelections({ p: 100, q: 10, threshold: 1, pairs: 50 }, 'r-concave');
    expect(bound).toBeGreaterThan(0.005184816);
    expect(relative(bound, 0.005184816)).toBeLessThan(0.06);
  });

  it('refuses a threshold that chance reaches', () => {
    expect(() => expectedFalseSelections({ p: 10, q: 6, threshold: 0.6, pairs: 50 }, 'mb')).toThrow(
      /not above q\/p = 0.6/,
    );
    expect(() => expectedFalseSelections({ p: 10, q: 1, threshold: 0.5, pairs: 50 }, 'mb')).toThrow(
      /above 0.5/,
    );
    expect(allBounds({ p: 100, q: 10, threshold: 0.37, pairs: 50 }).unimodal).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('largestQ', () => {
  it('agrees with stabs at p = 200', () => {
    const design = { p: 200, threshold: 0.6, pairs: 50 };
    expect(largestQ(design, 0.2, 'r-concave')).toBe(6);
    expect(largestQ(design, 0.2, 'unimodal')).toBe(3);
  });

  it.each([
    [0.6, 35, 49, 92],
    [0.75, 56, 79, 162],
    [0.9, 71, 122, 308],
  ])('keeps E[V] <= 1 over 6,477 features at threshold %d', (threshold, mb, unimodal, rConcave) => {
    const found = (['mb', 'unimodal', 'r-concave'] as BoundKind[]).map((kind) =>
      largestQ({ p: 6477, threshold, pairs: 50 }, 1, kind),
    );
    expect(found).toEqual([mb, unimodal, rConcave]);
  });

  it('says so when no q reaches the level', () => {
    expect(() => largestQ({ p: 5, threshold: 0.6, pairs: 50 }, 1e-9)).toThrow(/no q keeps E\[V\]/);
  });
});

describe('smallestThreshold', () => {
  it('agrees with stabs at p = 200, q = 7', () => {
    expect(smallestThreshold({ p: 200, q: 7, pairs: 50 }, 0.2, 'r-concave')).toBe(0.62);
    expect(smallestThreshold({ p: 200, q: 7, pairs: 50 }, 0.2, 'unimodal')).toBe(0.81);
  });
});
