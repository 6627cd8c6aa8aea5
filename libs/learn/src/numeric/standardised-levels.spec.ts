import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_DEVIATIONS, standardisedLevels } from './standardised-levels.js';

const close = (found: Float64Array, wanted: ArrayLike<number>, digits = 6): void =>
  Array.from(wanted).forEach((value, bin) => {
    expect(found[bin]!).toBeCloseTo(value, digits);
  });

describe('standardised levels', () => {
  it('have mean 0 and deviation 1 over the counted rows', () => {
    close(standardisedLevels([Number.NaN, 10, 30], [7, 5, 5]), [0, -1, 1]);
    close(standardisedLevels([Number.NaN, 10, Number.NaN, 30, 50], [0, 5, 0, 5, 0]), [0, -1, 0, 1, 3]);
  });

  it('are 0 where all rows have one level, and without rows', () => {
    close(standardisedLevels([Number.NaN, 1e9, 1e9 + 1], [3, 10, 0]), [0, 0, MOST_DEVIATIONS].slice(0, 2));
    expect(Array.from(standardisedLevels([Number.NaN, 5], [3, 0]))).toEqual([0, 0]);
  });

  it('of a rare event are apart', () => {
    const rare = standardisedLevels([Number.NaN, 0, 1], [0, 100_000, 1]);
    expect(rare[2]).toBe(MOST_DEVIATIONS);
    expect(rare[1]).toBeCloseTo(0, 2);
  });

  it('do not see how far out a few wild values are', () => {
    const levels = [Number.NaN, -2, -1, 0, 1, 2];
    const counts = [0, 1000, 4000, 9000, 4000, 1000, 1];
    const at = (wild: number): Float64Array => standardisedLevels([...levels, wild], counts);
    const far = at(1e18);
    expect(far[6]).toBeCloseTo(MOST_DEVIATIONS, 3);
    expect(far[5]! - far[4]!).toBeGreaterThan(0.9);
    for (const wild of [1e3, 1e9, 1e40, 1e300]) close(at(wild), far, 4);
  });
});

it('any scale and offset of the levels gives the same', () => {
  const input = fc.record({
    levels: fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 40 }),
    seed: fc.integer({ min: 1, max: 1000 }),
    scale: fc.constantFrom(1e-300, 1e-50, 1e-9, 3, 1e40, 1e295),
    offset: fc.constantFrom(0, 1e6, -1e9),
  });
  fc.assert(
    fc.property(input, ({ levels, seed, scale, offset }) => {
      const ascending = levels.toSorted((a, b) => a - b);
      const counts = ascending.map((_, i) => 1 + ((seed * (i + 3)) % 97) ** 2);
      const plain = standardisedLevels(ascending, counts);
      const moved = ascending.map((level) => scale * (offset + level));
      close(standardisedLevels(moved, counts), plain, 5);
      close(
        standardisedLevels(
          ascending.map((level) => -level),
          counts,
        ),
        plain.map((value) => -value),
        9,
      );
    }),
    { seed: 11 },
  );
});
