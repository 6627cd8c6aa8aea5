import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { binned } from '../testing/binned.js';
import { estimateBinnedBytes } from './binned-bytes.js';
import type { BinnedMatrix } from './binned-matrix.js';
import { BinnedMatrixBuilder } from './binned-matrix-builder.js';
import { openBinnedMatrix } from './shared-binned-matrix.js';

function one(values: number[], bins = 64, fitRows = values.length): BinnedMatrix {
  return binned([Float32Array.from(values)], bins, fitRows);
}

const float = fc.oneof(
  { weight: 8, arbitrary: fc.float({ noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);

describe('BinnedMatrix', () => {
  it('gives few distinct values a bin each, with bounds at the midpoints', () => {
    const matrix = one([3, 1, 2, Number.NaN, 1, 3]);
    expect([...matrix.bounds(0)]).toEqual([1.5, 2.5]);
    expect([...matrix.readColumn(0)]).toEqual([3, 1, 2, 0, 1, 3]);
    expect([...matrix.representatives(0).subarray(0, 5)]).toEqual([Number.NaN, 1, 2, 3, Number.NaN]);
  });

  it('handles constants, columns without values and signed zeros', () => {
    expect([...one([7, 7, Number.NaN]).readColumn(0)]).toEqual([1, 1, 0]);
    const empty = one([Number.NaN, Number.NaN]);
    expect(empty.valueBins(0)).toBe(0);
    expect([...empty.bounds(0)]).toEqual([]);
    expect([...empty.readColumn(0)]).toEqual([0, 0]);
    expect([...one([0, -0, 0]).readColumn(0)]).toEqual([1, 1, 1]);
  });

  it('keeps infinities apart from finite values and their averages finite', () => {
    const matrix = one([Number.NEGATIVE_INFINITY, -5, 3.4e38, Number.POSITIVE_INFINITY]);
    expect([...matrix.readColumn(0)]).toEqual([1, 2, 3, 4]);
    const representatives = matrix.representatives(0);
    expect([...representatives.subarray(1, 5)]).toEqual([-5, -5, 3.4e38, 3.4e38].map(Math.fround));
  });

  it('fits bounds on the fit rows only', () => {
    const values = Float32Array.from({ length: 400 }, (_, i) => (i < 200 ? i : 1000 * i));
    const early = binned([values], 16, 200);
    const alone = binned([values.slice(0, 200)], 16, 200);
    expect(early.bounds(0)).toEqual(alone.bounds(0));
    expect(early.representatives(0)).toEqual(alone.representatives(0));
    expect(new Set(early.readColumn(0).subarray(200))).toEqual(new Set([early.valueBins(0)]));
  });

  it('puts about as many rows in every bin when values do not repeat', () => {
    const matrix = one(
      Array.from({ length: 6300 }, (_, i) => (i * 37) % 6300),
      64,
    );
    const counts = new Uint32Array(64);
    for (const bin of matrix.readColumn(0)) counts[bin]!++;
    expect([...counts.subarray(1)]).toEqual(new Array(63).fill(100));
  });

  it('gives a value that fills a bin alone its own bin', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i < 700 ? 0 : i));
    const matrix = one(values, 8);
    const bins = matrix.readColumn(0);
    expect(new Set(bins.subarray(0, 700)).size).toBe(1);
    expect(bins[700]).toBe(bins[0]! + 1);
    expect(matrix.valueBins(0)).toBe(7);
  });

  it('is monotone, consistent with its bounds, and averages within the bin', () => {
    fc.assert(
      fc.property(
        fc.array(float, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 3, max: 256 }),
        (raw, bins) => {
          const values = Float32Array.from(raw);
          const matrix = binned([values], bins);
          const bounds = matrix.bounds(0);
          const found = matrix.readColumn(0);
          values.forEach((value, row) => {
            const expected = Number.isNaN(value) ? 0 : 1 + bounds.filter((bound) => bound < value).length;
            expect(found[row]).toBe(expected);
          });
          expect(bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!)).toBe(true);
          expect(matrix.valueBins(0)).toBeLessThan(bins);
          const used = new Set(found);
          matrix.representatives(0).forEach((mean, bin) => {
            expect(Number.isNaN(mean)).toBe(bin === 0 || !used.has(bin));
          });
        },
      ),
    );
  });

  it('does not depend on the order or the neighbours of columns', () => {
    const columns = Array.from({ length: 19 }, (_, c) =>
      Float32Array.from({ length: 50 }, (_, i) => (i * (c + 3)) % 41),
    );
    const together = binned(columns, 16);
    columns.forEach((values, c) => {
      expect(together.readColumn(c)).toEqual(binned([values], 16).readColumn(0));
    });
    expect(new Set(columns.map((_, c) => together.slot(c))).size).toBe(19);
  });

  it('gathers a subset and opens from its handle', () => {
    const columns = Array.from({ length: 12 }, (_, c) =>
      Float32Array.from({ length: 30 }, (_, i) => i % (c + 2)),
    );
    const matrix = binned(columns, 16);
    const subset = openBinnedMatrix(matrix.subset([10, 3]).handle);
    expect(subset.columns).toBe(2);
    expect(subset.memory).not.toBe(matrix.memory);
    for (const [position, column] of [10, 3].entries()) {
      expect(subset.readColumn(position)).toEqual(matrix.readColumn(column));
      expect(subset.bounds(position)).toEqual(matrix.bounds(column));
      expect(subset.representatives(position)).toEqual(matrix.representatives(column));
    }
    expect(subset.fingerprint).toBe(matrix.subset([10, 3]).fingerprint);
    expect(subset.fingerprint).not.toBe(matrix.subset([3, 10]).fingerprint);
  });

  it('hands its memory on when released, and nothing of its content', () => {
    const columns = Array.from({ length: 11 }, (_, c) =>
      Float32Array.from({ length: 90 }, (_, i) => (i * 7) % (c + 40)),
    );
    const expected = binned(columns, 256).subset([2, 5]);
    const used = binned(columns, 256);
    used.release();
    used.release();
    expect(() => used.readColumn(0)).toThrow('was released');
    const next = binned(columns, 256);
    expect(next.memory).toBe(used.memory);
    const subset = next.subset([2, 5]);
    for (const column of [0, 1]) {
      expect(subset.readColumn(column)).toEqual(expected.readColumn(column));
      expect(subset.representatives(column)).toEqual(expected.representatives(column));
    }
    const bytes = new Uint8Array(next.memory.buffer as ArrayBufferLike, next.handle.block, 2 * 8 * 90);
    // Eleven columns leave five bytes a row of the second group unused: they must read as missing.
    for (let row = 0; row < 90; row++)
      expect([...bytes.subarray(8 * (90 + row) + 3, 8 * (90 + row) + 8)]).toEqual([0, 0, 0, 0, 0]);
  });

  it('refuses what it cannot do, naming it', () => {
    expect(() => new BinnedMatrixBuilder(0, 1, { fitRows: 1 })).toThrow(LearnInputError);
    expect(() => new BinnedMatrixBuilder(4, 1, { fitRows: 5 })).toThrow(
      'fitRows must be a whole number from 1 to 4',
    );
    expect(() => new BinnedMatrixBuilder(4, 1, { fitRows: 4, bins: 257 })).toThrow('bins must be');
    expect(() => new BinnedMatrixBuilder(1e6, 6477, { fitRows: 4 })).toThrow(
      'one shared memory holds 4294967296',
    );
    const builder = new BinnedMatrixBuilder(2, 2, { fitRows: 2 });
    builder.addColumn(1, Float32Array.of(1, 2));
    expect(() => builder.addColumn(1, Float32Array.of(1, 2))).toThrow('column 1 was added before');
    expect(() => builder.addColumn(2, Float32Array.of(1, 2))).toThrow('there is no column 2');
    expect(() => builder.addColumn(0, Float32Array.of(1))).toThrow('column 0 has 1 values for 2 rows');
    expect(() => builder.finish()).toThrow('column 0 was not added');
  });

  it('estimates at least the memory it takes', () => {
    for (const [rows, columns] of [
      [1000, 3],
      [5000, 40],
    ] as const) {
      const matrix = binned(Array.from({ length: columns }, () => new Float32Array(rows).fill(1)));
      const taken = matrix.memory.buffer.byteLength;
      const estimate = estimateBinnedBytes(rows, columns);
      expect(estimate).toBeGreaterThan(taken - 65536);
      expect(estimate).toBeLessThan(taken + 65536);
    }
  });
});
