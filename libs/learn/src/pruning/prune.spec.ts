import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { binned } from '../testing/binned.js';
import { prune } from './prune.js';

const ROWS = 3000;

function noise(seed: bigint): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: ROWS }, () => random.normal());
}

/** `base` with noise added so that the correlation is about r. */
function near(base: Float32Array, r: number, seed: bigint): Float32Array {
  const other = noise(seed);
  return base.map((x, row) => r * x + Math.sqrt(1 - r * r) * other[row]!);
}

function pruneColumns(named: Record<string, Float32Array>, developmentRows = ROWS) {
  const featureIds = Object.keys(named);
  const values = Object.values(named);
  const contentHash = values.map((column) => Buffer.from(column.slice().buffer).toString('base64'));
  const outcome = prune({ matrix: binned(values), featureIds, contentHash, developmentRows });
  return {
    kept: outcome.kept.map((column) => featureIds[column]!),
    pruned: Object.fromEntries(outcome.pruned.map(({ column, reason }) => [featureIds[column]!, reason])),
  };
}

describe('prune', () => {
  const a = noise(1n);

  it('says of every feature without use why', () => {
    const { kept, pruned } = pruneColumns({
      a,
      empty: new Float32Array(ROWS).fill(Number.NaN),
      constant: new Float32Array(ROWS).fill(3),
      sparse: a.map((x, row) => (row % 25 === 0 ? x : Number.NaN)),
      almost: a.map((_, row) => (row % 200 === 0 ? 1 : 0)),
      rare: a.map((_, row) => (row % 50 === 0 ? 1 : 0)),
    });
    expect(kept).toEqual(['a', 'rare']);
    expect(pruned).toEqual({
      empty: { code: 'no_value', facts: {} },
      constant: { code: 'constant', facts: {} },
      sparse: { code: 'missing_values', facts: { share: 0.96, limit: 0.9 } },
      almost: { code: 'nearly_constant', facts: { share: 0.995, limit: 0.99 } },
    });
  });

  it('keeps of equal features the first by id, of nearly equal ones that with the fewest missing', () => {
    const gaps = near(a, 0.99, 3n).map((x, row) => (row % 100 === 0 ? Number.NaN : x));
    const b = noise(4n);
    const { kept, pruned } = pruneColumns({
      z: b,
      a0gaps: gaps,
      m: a,
      b: Float32Array.from(b),
      flipped: near(a, 0.98, 5n).map((x) => -x),
      apart: near(a, 0.93, 6n),
    });
    expect(kept).toEqual(['b', 'flipped', 'apart']);
    expect(pruned.z).toEqual({ code: 'same_values', facts: { feature: 'b' } });
    const nearly = { feature: 'flipped', limit: 0.95, correlation: expect.closeTo(-0.98, 1) };
    expect(pruned.m).toEqual({ code: 'nearly_same_values', facts: nearly });
    expect(pruned.a0gaps).toEqual({ code: 'nearly_same_values', facts: nearly });
  });

  it('names a kept feature as representative, and keeps no two above the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.9, max: 0.999, noNaN: true }), { minLength: 3, maxLength: 9 }),
        (links) => {
          // A chain: each resembles the one before, its ends do not resemble each other.
          const named: Record<string, Float32Array> = { f0: a };
          links.forEach((r, index) => {
            named[`f${index + 1}`] = near(named[`f${index}`]!, r, BigInt(50 + index));
          });
          const { kept, pruned } = pruneColumns(named);
          for (const [name, reason] of Object.entries(pruned)) {
            if (reason.code !== 'nearly_same_values') throw new Error(`pruned for ${reason.code}`);
            const { feature, correlation } = reason.facts;
            expect(kept).toContain(feature);
            expect(Math.abs(pearson(named[name]!, named[feature]!) - correlation)).toBeLessThan(0.01);
            expect(correlation).toBeGreaterThan(0.95);
          }
          for (const one of kept) {
            for (const two of kept) {
              if (one < two) expect(pearson(named[one]!, named[two]!)).toBeLessThan(0.955);
            }
          }
        },
      ),
      { numRuns: 12, seed: 7 },
    );
  });

  it('keeps the same features in whatever order they come', () => {
    const named: Record<string, Float32Array> = { a };
    for (let index = 0; index < 12; index++)
      named[`f${index}`] = near(a, 0.9 + index / 130, BigInt(80 + index));
    const forward = pruneColumns(named);
    const backward = pruneColumns(Object.fromEntries(Object.entries(named).reverse()));
    expect(backward.kept.toSorted()).toEqual(forward.kept.toSorted());
    expect(backward.pruned).toEqual(forward.pruned);
  });

  it('looks at development rows only', () => {
    const later = a.map((x, row) => (row < 2000 ? 5 : x));
    const { pruned } = pruneColumns({ a, later }, 2000);
    expect(pruned.later!.code).toBe('constant');
    const twin = near(a, 0.5, 9n).map((x, row) => (row < 2000 ? a[row]! : x));
    expect(pruneColumns({ a, twin }, 2000).pruned.twin).toMatchObject({
      code: 'nearly_same_values',
      facts: { feature: 'a', correlation: expect.closeTo(1, 1) },
    });
    expect(pruneColumns({ a, twin }).kept).toEqual(['a', 'twin']);
  });

  it('refuses lists and limits that do not fit', () => {
    const matrix = binned([a, noise(2n)]);
    const input = { matrix, featureIds: ['a', 'b'], contentHash: ['1'], developmentRows: ROWS };
    expect(() => prune(input)).toThrow(/contentHash has 1 entries for 2 columns/);
    expect(() => prune({ ...input, contentHash: ['1', '2'] }, { correlation: 0 })).toThrow(
      /correlation must be/,
    );
    expect(() => prune({ ...input, contentHash: ['1', '2'], developmentRows: 0 })).toThrow(/developmentRows/);
  });
});

function pearson(x: Float32Array, y: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let row = 0; row < x.length; row++) {
    xy += (x[row]! - mx) * (y[row]! - my);
    xx += (x[row]! - mx) ** 2;
    yy += (y[row]! - my) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}
