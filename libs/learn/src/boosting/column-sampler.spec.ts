import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnSlots } from '../binning/column-order.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { sampleNodeColumns, sampleTreeColumns } from './column-sampler.js';

describe('column sampling', () => {
  it('draws the share asked for, in order, with the groups it needs', () => {
    const options = {
      columns: fc.integer({ min: 1, max: 400 }),
      fraction: fc.double({ min: 0.01, max: 1, noNaN: true }),
    };
    fc.assert(
      fc.property(fc.record(options), fc.bigInt({ min: 0n, max: 99n }), ({ columns, fraction }, seed) => {
        const slots = Uint32Array.from(columnSlots(columns));
        const drawn = sampleTreeColumns(slots, fraction, seededRandom(seed));
        expect(drawn.slots.length).toBe(Math.max(1, Math.round(fraction * columns)));
        expect([...drawn.slots]).toEqual([...slots].filter((slot) => drawn.slots.includes(slot)));
        expect(new Set(drawn.groups)).toEqual(new Set(Array.from(drawn.slots, (slot) => slot >> 3)));
      }),
    );
  });

  it('leaves whole groups out where there are many', () => {
    const slots = Uint32Array.from(columnSlots(400));
    expect(sampleTreeColumns(slots, 0.6, seededRandom(1n)).groups.length).toBe(30);
  });

  it('gives every column the same chance', () => {
    const slots = Uint32Array.from(columnSlots(203));
    const counts = new Float64Array(208);
    const random = seededRandom(3n);
    for (let draw = 0; draw < 3000; draw++) {
      for (const slot of sampleTreeColumns(slots, 0.3, random).slots) counts[slot]!++;
    }
    // 3000 draws at 61 of 203: standard deviation below 26.
    for (const slot of slots) expect(Math.abs(counts[slot]! - (3000 * 61) / 203)).toBeLessThan(130);
  });

  it('draws nodes out of the tree, at least one column', () => {
    const slots = Uint32Array.of(9, 4, 7);
    const drawn = sampleNodeColumns(slots, 0.4, seededRandom(2n));
    expect(drawn.length).toBe(1);
    expect(slots.includes(drawn[0]!)).toBe(true);
    expect(sampleNodeColumns(slots, 1, seededRandom(2n))).toBe(slots);
  });
});
