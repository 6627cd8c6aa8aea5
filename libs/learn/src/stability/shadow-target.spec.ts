import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { shadowOrder, shadowTarget } from './shadow-target.js';

const rows = Uint32Array.from({ length: 1000 }, (_, index) => index * 2);
const bar = Int32Array.from({ length: 2000 }, (_, row) => row);
const input = { rows, bar, dependenceBars: 20 };
const few = { ...input, rows: rows.slice(0, 7) };

describe('shadowOrder', () => {
  const order = shadowOrder(input, seededRandom(1n));

  it('takes every position once, none from near its own, and keeps neighbours together', () => {
    expect([...order].toSorted((a, b) => a - b)).toEqual([...rows.keys()]);
    expect([...order].filter((from, to) => Math.abs(from - to) < 10)).toEqual([]);
    const breaks = [...order].filter((from, to) => to > 0 && from !== order[to - 1]! + 1).length;
    // 1,999 bars hold 24 pieces of four dependence lengths.
    expect(breaks).toBeLessThanOrEqual(23);
    expect(breaks).toBeGreaterThan(15);
  });

  it('refuses too few rows', () => {
    expect(() => shadowOrder(few, seededRandom(1n))).toThrow(/at least 8 rows/);
  });
});

describe('shadowTarget', () => {
  // A target whose size grows with time.
  const target = Float64Array.from({ length: 2000 }, (_, row) => 3 + row * Math.sin(row));
  const mean = rows.reduce((sum, row) => sum + target[row]!, 0) / rows.length;
  const shadow = shadowTarget({ ...input, target }, seededRandom(1n));
  const sign = (row: number) => Math.round((shadow[row]! - mean) / (target[row]! - mean));

  it('keeps every size where it is in time and draws signs anew, piece by piece', () => {
    const signs = Array.from(rows, sign);
    for (const row of rows) expect(shadow[row]).toBeCloseTo(mean + sign(row) * (target[row]! - mean), 9);
    expect(new Set(signs)).toEqual(new Set([1, -1]));
    const changes = signs.filter((one, k) => k > 0 && one !== signs[k - 1]).length;
    expect(changes).toBeLessThanOrEqual(23);
    expect(changes).toBeGreaterThan(4);
  });

  it('draws other signs with another seed', () => {
    const other = shadowTarget({ ...input, target }, seededRandom(2n));
    expect([...rows].some((row) => other[row] !== shadow[row])).toBe(true);
  });

  it('is NaN outside the rows and refuses too few', () => {
    expect(shadow[1]).toBeNaN();
    expect(() => shadowTarget({ ...few, target }, seededRandom(1n))).toThrow(/at least 8 rows/);
  });
});
