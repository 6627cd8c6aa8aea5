import fc from 'fast-check';
import { expect, it } from 'vitest';
import { balancedRuns, fewestRuns, type Run } from './fewest-runs.js';

interface Case {
  readonly sizes: readonly number[];
  readonly first: number;
  readonly other: number;
}

const anyCase = (most: number): fc.Arbitrary<Case> =>
  fc
    .record({
      sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: most }),
      other: fc.integer({ min: 12, max: 40 }),
      less: fc.integer({ min: 0, max: 40 }),
    })
    .map(({ sizes, other, less }) => ({ sizes, other, first: Math.max(0, other - less) }));

/** Counts the questions that it answers, each once, as dry runs do. */
function testOf({ sizes, first, other }: Case) {
  const asked = new Set<string>();
  const passes = ({ start, end, isFirst }: Run): boolean =>
    sizes.slice(start, end).reduce((sum, size) => sum + size, 0) <= (isFirst ? first : other);
  return {
    asked,
    passes,
    test: async (run: Run): Promise<boolean> => {
      asked.add(JSON.stringify(run));
      return passes(run);
    },
  };
}

/** Tries every way to cut; only the first run may be empty. */
function fewestByBrute(count: number, passes: (run: Run) => boolean): number {
  const best = (start: number, isFirst: boolean): number => {
    let fewest = Number.POSITIVE_INFINITY;
    for (let end = isFirst ? 0 : start + 1; end <= count; end++) {
      if (end > start && !passes({ start, end, isFirst })) continue;
      fewest = Math.min(fewest, 1 + (end === count ? 0 : best(end, false)));
    }
    return fewest;
  };
  return best(0, true);
}

it('takes as few runs as trying all ways gives, and every run passes', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase(9), async (given) => {
      const { passes, test } = testOf(given);
      const found = await fewestRuns(given.sizes.length, test);
      if (!('ends' in found)) throw new Error('an item was refused');
      const starts = [0, ...found.ends.slice(0, -1)];
      expect(found.ends.at(-1)).toBe(given.sizes.length);
      const runs = found.ends.map((end, i) => ({ start: starts[i]!, end, isFirst: i === 0 }));
      expect(runs.every((run) => run.end === run.start || passes(run))).toBe(true);
      expect(runs.slice(1).every((run) => run.end > run.start)).toBe(true);
      expect(found.ends.length).toBe(fewestByBrute(given.sizes.length, passes));
    }),
    { numRuns: 300 },
  );
});

it('leaves the first run empty when it has no room, and names an item that does not pass alone', async () => {
  expect(await fewestRuns(3, testOf({ sizes: [5, 5, 5], first: 4, other: 10 }).test)).toEqual({
    ends: [0, 2, 3],
  });
  expect(await fewestRuns(3, testOf({ sizes: [5, 5, 50], first: 10, other: 10 }).test)).toEqual({
    refused: 2,
  });
  expect(await fewestRuns(2, testOf({ sizes: [9, 5], first: 0, other: 9 }).test)).toEqual({
    ends: [0, 1, 2],
  });
});

it('asks about as often as there are runs, and less when it need not be exact', async () => {
  const sizes = Array.from({ length: 668 }, () => 1);
  const known = testOf({ sizes, first: 100, other: 100 });
  const found = await fewestRuns(668, known.test);
  expect(found).toEqual({ ends: [100, 200, 300, 400, 500, 600, 668] });
  expect(known.asked.size).toBeLessThan(30);
  const hurried = testOf({ sizes, first: 90, other: 100 });
  const some = await fewestRuns(668, hurried.test, () => false);
  expect('ends' in some && some.ends.length).toBeLessThan(12);
  expect(hurried.asked.size).toBeLessThan(20);
});

it('cuts into runs of about equal load, none empty', () => {
  expect(balancedRuns([1, 1, 1, 1], 2)).toEqual([2, 4]);
  expect(balancedRuns([1, 1, 1, 1], 2, 2)).toEqual([1, 4]);
  expect(balancedRuns([9, 1, 1], 3)).toEqual([1, 2, 3]);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 30 }),
      (loads, wanted) => {
        const runs = Math.min(wanted, loads.length);
        const ends = balancedRuns(loads, runs);
        expect(ends).toHaveLength(runs);
        expect(ends.at(-1)).toBe(loads.length);
        expect(ends.every((end, i) => end > (ends[i - 1] ?? 0))).toBe(true);
        const total = loads.reduce((a, b) => a + b);
        ends.forEach((end, i) => {
          const sum = loads.slice(ends[i - 1] ?? 0, end).reduce((a, b) => a + b, 0);
          expect(sum).toBeLessThanOrEqual(Math.max(total / runs + 9, 9));
        });
      },
    ),
  );
});
