import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseDays } from './choose-sample.js';

const DAY_MS = 86_400_000;
const day = (i: number): string => new Date(i * DAY_MS).toISOString().slice(0, 10);

it('holds the rows with days in order, one of each stratum, the same for the same seed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1440 }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.bigInt({ min: 0n, max: 1000n }),
      (counts, share, seed) => {
        const days = counts.map((rows, i) => ({ day: day(i), rows }));
        const total = counts.reduce((a, b) => a + b);
        const rows = Math.max(1, Math.floor(total * share));
        const chosen = chooseDays(days, rows, seed);
        const held = days.filter((d) => chosen.includes(d.day)).reduce((sum, d) => sum + d.rows, 0);
        expect(held).toBeGreaterThanOrEqual(rows);
        expect(chosen).toEqual([...new Set(chosen)].sort());
        expect(chooseDays(days, rows, seed)).toEqual(chosen);
        chosen.forEach((text, stratum) => {
          const i = days.findIndex((d) => d.day === text);
          expect(Math.floor(((i + 0.5) * chosen.length) / days.length)).toBeGreaterThanOrEqual(stratum - 1);
          expect(Math.floor(((i + 0.5) * chosen.length) / days.length)).toBeLessThanOrEqual(stratum + 1);
        });
      },
    ),
    { numRuns: 200 },
  );
});

it('chooses other days for another seed', () => {
  const days = Array.from({ length: 100 }, (_, i) => ({ day: day(i), rows: 1440 }));
  const chosen = chooseDays(days, 14_400, 1n);
  expect(chosen.length).toBe(10);
  expect(chooseDays(days, 14_400, 2n)).not.toEqual(chosen);
});
