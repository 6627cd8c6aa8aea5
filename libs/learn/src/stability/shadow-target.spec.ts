import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { shadowTarget } from './shadow-target.js';

describe('shadowTarget', () => {
  const rows = Uint32Array.from({ length: 1000 }, (_, index) => index * 2);
  const bar = Int32Array.from({ length: 2000 }, (_, row) => row);
  const target = Float64Array.from({ length: 2000 }, (_, row) => row);
  const shadow = shadowTarget({ rows, target, bar, dependenceBars: 20 }, seededRandom(1n));

  it('keeps all values, moves every one, and keeps neighbours together', () => {
    expect([...rows].map((row) => shadow[row]!).toSorted((a, b) => a - b)).toEqual([...rows]);
    expect([...rows].filter((row) => Math.abs(shadow[row]! - row) < 20)).toEqual([]);
    let breaks = 0;
    for (let index = 1; index < rows.length; index++) {
      if (shadow[rows[index]!]! - shadow[rows[index - 1]!]! !== 2) breaks++;
    }
    // 1,999 bars hold 24 pieces of four dependence lengths.
    expect(breaks).toBeLessThanOrEqual(23);
    expect(breaks).toBeGreaterThan(15);
  });

  it('is NaN outside the rows and refuses too few', () => {
    expect(shadow[1]).toBeNaN();
    const few = { rows: rows.slice(0, 7), target, bar, dependenceBars: 20 };
    expect(() => shadowTarget(few, seededRandom(1n))).toThrow(/at least 8 rows/);
  });
});
