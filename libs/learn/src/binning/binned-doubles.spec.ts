import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binned } from '../testing/binned.js';

const one = (values: Float32Array | Float64Array, bins = 64) => binned([values], bins);

const column = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: fc.float({ noNaN: true, min: -1000, max: 1000 }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
    ),
    {
      minLength: 1,
      maxLength: 700,
    },
  )
  .map((values) => Float32Array.from(values));

describe('columns of doubles', () => {
  it('have the bins that the same values have as float32', () => {
    fc.assert(
      fc.property(column, fc.integer({ min: 3, max: 256 }), (values, bins) => {
        const [single, double] = [one(values, bins), one(Float64Array.from(values), bins)];
        expect(double.readColumn(0)).toEqual(single.readColumn(0));
        expect(double.representatives(0)).toEqual(single.representatives(0));
      }),
      { seed: 2 },
    );
  });

  it('have the same bins at any scale, with bounds and representatives in its units', () => {
    fc.assert(
      fc.property(column, fc.constantFrom(2 ** -900, 2 ** -160, 2 ** 130, 2 ** 900), (values, scale) => {
        const plain = one(Float64Array.from(values, (value) => (Math.abs(value) < 1e-30 ? 0 : value)));
        const scaled = one(
          Float64Array.from(values, (value) => (Math.abs(value) < 1e-30 ? 0 : value * scale)),
        );
        expect(scaled.readColumn(0)).toEqual(plain.readColumn(0));
        expect(scaled.bounds(0)).toEqual(plain.bounds(0).map((bound) => bound * scale));
        expect(scaled.representatives(0)).toEqual(plain.representatives(0).map((value) => value * scale));
      }),
      { seed: 3 },
    );
  });

  it('tell values apart that float32 does not, in order, up to the largest', () => {
    const values = [
      1e9,
      1e9 + 1,
      2 ** 53 - 1,
      2 ** 53,
      1e300,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      -1e300,
      1e-300,
      5e-324,
      0,
    ];
    const matrix = one(
      Float64Array.from([...values, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]),
    );
    const bins = Array.from(matrix.readColumn(0));
    const ascending = [
      Number.NEGATIVE_INFINITY,
      ...values.toSorted((a, b) => a - b),
      Number.POSITIVE_INFINITY,
    ];
    expect(bins).toEqual([...values.map((value) => 1 + ascending.indexOf(value)), 0, ascending.length, 1]);
    const [first, ...middle] = Array.from(matrix.representatives(0).subarray(1, ascending.length + 1));
    expect(first).toBe(-Number.MAX_VALUE);
    expect(middle.slice(0, 4)).toEqual([-Number.MAX_VALUE, -1e300, 0, 0]);
    expect(middle.slice(-3)).toEqual([1e300, Number.MAX_VALUE, Number.MAX_VALUE]);
  });

  it('have representatives that one wild value does not move', () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i));
    const wild = values.slice();
    wild[77] = 1e18;
    const [calm, moved] = [one(values).representatives(0), one(wild).representatives(0)];
    for (let bin = 1; bin < 64; bin++) expect(moved[bin]!).toBeCloseTo(calm[bin]!, 2);
  });
});
