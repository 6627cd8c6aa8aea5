import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeBlocks } from './time-blocks.js';

describe('timeBlocks', () => {
  it('cuts the example of its doc comment', () => {
    const bar = Int32Array.from({ length: 8 }, (_, row) => row);
    expect(timeBlocks({ bar, rows: 8, blocks: 2, purgeBars: 2 })).toEqual([
      { begin: 0, end: 3 },
      { begin: 4, end: 8 },
    ]);
  });

  it('leaves purgeBars between blocks and drops nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 200, maxLength: 300 }),
        fc.integer({ min: 0, max: 60 }),
        (steps, purgeBars) => {
          let at = 0;
          const bar = Int32Array.from(steps, (step) => {
            at += step;
            return at;
          });
          let blocks: ReturnType<typeof timeBlocks>;
          try {
            blocks = timeBlocks({ bar, rows: bar.length, blocks: 4, purgeBars });
          } catch (error) {
            expect(String(error)).toMatch(/keeps no row/);
            return;
          }
          for (let block = 0; block + 1 < blocks.length; block++) {
            const { end } = blocks[block]!;
            const next = blocks[block + 1]!.begin;
            expect(bar[next]! - bar[end - 1]!).toBeGreaterThanOrEqual(purgeBars);
            if (end < next) expect(bar[next]! - bar[end]!).toBeLessThan(purgeBars);
          }
          expect(blocks[3]!.end).toBe(bar.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses blocks that purging empties and bars that do not ascend', () => {
    const bar = Int32Array.from({ length: 100 }, (_, row) => row);
    expect(() => timeBlocks({ bar, rows: 100, blocks: 10, purgeBars: 11 })).toThrow(
      /time block 1 of 10 \(10 rows\) keeps no row after purging 11 bars/,
    );
    bar[50] = 3;
    expect(() => timeBlocks({ bar, rows: 100, blocks: 2, purgeBars: 1 })).toThrow(
      /row 50 has bar 3 after 49/,
    );
    expect(() => timeBlocks({ bar, rows: 101, blocks: 2, purgeBars: 1 })).toThrow(/rows must be in 1..100/);
  });
});
