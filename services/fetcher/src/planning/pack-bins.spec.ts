import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Bins, packBins } from './pack-bins.js';

const oneDimension = (capacity: number, first = 0, other = 0): Bins => ({
  capacity: [capacity],
  firstLoad: [first],
  otherLoad: [other],
});

it('finds fewer bins than first-fit decreasing where there are', () => {
  // First-fit decreasing: {5 4} {3 3 3} {2}.
  const sizes = [5, 4, 3, 3, 3, 2].map((size) => [size]);
  expect(packBins(sizes, oneDimension(10))).toHaveLength(2);
});

it('counts what every bin holds before', () => {
  const sizes = [[3], [3], [3]];
  expect(packBins(sizes, oneDimension(10))).toEqual([[0, 1, 2]]);
  expect(packBins(sizes, oneDimension(10, 2))).toHaveLength(2);
  expect(packBins(sizes, oneDimension(10, 9, 1))).toEqual([[], [0, 1, 2]]);
});

it('puts every item in one bin, never over capacity, in as few bins as trying all ways gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.integer({ min: 0, max: 3 }),
      (sizes, load) => {
        const bins: Bins = { capacity: [12, 11], firstLoad: [load + 1, load], otherLoad: [load, 0] };
        const packed = packBins(sizes, bins);
        expect(packed.flat().toSorted((a, b) => a - b)).toEqual(sizes.map((_, i) => i));
        expect(packed.every((bin, i) => holds(bin, i, sizes, bins))).toBe(true);
        expect(packed.length).toBe(fewestByBrute(sizes, bins));
      },
    ),
    { numRuns: 50 },
  );
});

function holds(bin: readonly number[], position: number, sizes: readonly number[][], bins: Bins): boolean {
  const load = position === 0 ? bins.firstLoad : bins.otherLoad;
  return bins.capacity.every(
    (capacity, d) => bin.reduce((sum, item) => sum + sizes[item]![d]!, load[d]!) <= capacity,
  );
}

/** Tries every assignment of items to bins. */
function fewestByBrute(sizes: readonly number[][], bins: Bins): number {
  for (let count = 1; ; count++) {
    for (let code = 0; code < count ** sizes.length; code++) {
      const packed: number[][] = Array.from({ length: count }, () => []);
      for (let item = 0, rest = code; item < sizes.length; item++, rest = Math.floor(rest / count)) {
        packed[rest % count]!.push(item);
      }
      if (packed.every((bin, i) => holds(bin, i, sizes, bins))) return count;
    }
  }
}
