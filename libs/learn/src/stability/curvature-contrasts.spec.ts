import { describe, expect, it } from 'vitest';
import { CONTRASTS, contrastPitch, curvatureContrasts } from './curvature-contrasts.js';

const SCALE = 256;

/** Contrasts of a column whose bins (the first for missing rows) have these values and rows. */
function contrastsOf(values: number[], counts: number[]): { all: number[][]; counts: number[] } {
  const rows = counts.slice(1).reduce((sum, count) => sum + count, 0);
  const mean = values.reduce((sum, value, bin) => sum + (bin > 0 ? value * counts[bin]! : 0), 0) / rows;
  const square = values.reduce(
    (sum, value, bin) => sum + (bin > 0 ? (value - mean) ** 2 * counts[bin]! : 0),
    0,
  );
  const table = Int16Array.from(values, (value, bin) =>
    bin === 0 ? 0 : Math.round(((value - mean) / Math.sqrt(square / rows)) * SCALE),
  );
  const pitch = contrastPitch(values.length);
  const into = new Float32Array(CONTRASTS * pitch).fill(7);
  curvatureContrasts(table, SCALE, counts, into);
  const all = Array.from({ length: CONTRASTS }, (_, k) => [
    ...into.subarray(k * pitch, k * pitch + values.length),
  ]);
  return { all, counts };
}

function product({ counts }: { counts: number[] }, a: number[], b: number[]): number {
  const rows = counts.slice(1).reduce((sum, count) => sum + count, 0);
  return a.reduce((sum, value, bin) => sum + (bin > 0 ? (value * b[bin]! * counts[bin]!) / rows : 0), 0);
}

/** Middle values of `count` bins of equal numbers of rows of a column that ascends as `value` of its rank. */
function ascending(count: number, value: (rank: number) => number): [values: number[], counts: number[]] {
  const values = Array.from({ length: count }, (_, bin) => value((bin + 0.5) / count));
  return [
    [0, ...values],
    [0, ...values.map(() => 50)],
  ];
}

describe('curvatureContrasts', () => {
  const even = contrastsOf(...ascending(31, (rank) => rank));

  it('are orthonormal to a constant, to the standardised value and to each other', () => {
    const [line, ...curved] = even.all.slice(0, 4);
    const constant = even.counts.map(() => 1);
    for (const [k, contrast] of curved.entries()) {
      expect(product(even, contrast, constant)).toBeCloseTo(0, 5);
      expect(product(even, contrast, line!)).toBeCloseTo(0, 5);
      for (const [other, another] of curved.entries()) {
        expect(product(even, contrast, another)).toBeCloseTo(other === k ? 1 : 0, 5);
      }
    }
    expect(even.all[4]).toEqual(even.counts.map(() => 0));
  });

  it('start with the bend of a column whose values are evenly spread', () => {
    const bend = even.counts.map((_, bin) => (bin === 0 ? 0 : ((bin - 16) / 15) ** 2 - 1 / 3));
    const size = Math.sqrt(product(even, bend, bend));
    expect(Math.abs(product(even, even.all[1]!, bend) / size)).toBeGreaterThan(0.95);
  });

  it('start with rank itself where values are far from evenly spread', () => {
    const heavy = contrastsOf(...ascending(31, (rank) => Math.tan(Math.PI * (rank - 0.5)) ** 3));
    const rank = heavy.counts.map((_, bin) => (bin === 0 ? 0 : (bin - 16) / 31));
    expect(
      Math.abs(product(heavy, heavy.all[1]!, rank) / Math.sqrt(product(heavy, rank, rank))),
    ).toBeGreaterThan(0.7);
  });

  it('are none for two values, one for three, and tell missing rows when there are enough', () => {
    const used = (all: number[][]) => all.slice(1).map((contrast) => contrast.some((value) => value !== 0));
    expect(used(contrastsOf([0, 1, 2], [0, 40, 60]).all)).toEqual([false, false, false, false]);
    expect(used(contrastsOf([0, -1, 0, 1], [3, 40, 60, 50]).all)).toEqual([true, false, false, false]);
    expect(used(contrastsOf([0, 1, 2], [20, 40, 60]).all)).toEqual([false, false, false, true]);
    expect(used(contrastsOf([0, 1, 1], [0, 0, 0]).all)).toEqual([false, false, false, false]);
  });
});
