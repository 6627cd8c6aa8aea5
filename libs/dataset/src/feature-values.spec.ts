import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FeatureValues, StoredValues } from './feature-values.js';

const ROWS = 4000;
const stored = new StoredValues();
const rows = (value: (row: number) => number, count = ROWS): Float64Array =>
  Float64Array.from({ length: count }, (_, row) => value(row));
const wave = (row: number): number => Math.sin(row * 0.37) + Math.cos(row * 1.91) / 7;
const distinct = (values: FeatureValues): number => new Set(values).size;
const isDouble = (values: Float64Array, type = 'DOUBLE'): boolean => stored.choose(values, type) === values;

describe('columns that float32 would blur stay as they came', () => {
  it.each<[string, (row: number) => number]>([
    ['a large offset', (row) => 1e9 + wave(row)],
    ['a negative one', (row) => -1e9 - wave(row)],
    ['an offset of most values', (row) => (row % 4 === 0 ? wave(row) : 1e9 + wave(row))],
    ['a tiny scale', (row) => 1e-50 * wave(row)],
    ['a scale beyond float32', (row) => 1e40 * wave(row)],
    ['a scale at the end of doubles', (row) => 1e300 * wave(row)],
    ['one value beyond float32', (row) => (row === 7 ? 1e300 : wave(row))],
    ['two levels next to each other', (row) => 1e9 + (row % 2)],
    ['a rare second level', (row) => 1e9 + (row % 100 === 0 ? 1 : 0)],
    ['levels that would lose their spacing', (row) => 1e9 + 65 * (row % 20)],
    ['epochs in milliseconds, a minute apart', (row) => 1.7e12 + 6e4 * row],
  ])('%s', (_, value) => {
    expect(isDouble(rows(value))).toBe(true);
  });

  it('whole numbers of an integer type are never rounded', () => {
    const few = rows((row) => (row === 5 ? 2 ** 24 + 1 : row));
    for (const type of ['BIGINT', 'INT64', 'HUGEINT', 'UBIGINT', 'INTEGER'])
      expect(isDouble(few, type)).toBe(true);
    expect(isDouble(few, 'DOUBLE')).toBe(false);
    expect(
      isDouble(
        rows((row) => 2 ** 23 + row),
        'BIGINT',
      ),
    ).toBe(false);
  });
});

describe('columns that float32 holds become float32', () => {
  it.each<[string, (row: number) => number]>([
    ['ordinary numbers', wave],
    ['prices', (row) => 1.1 + wave(row) / 20],
    ['prices of five digits', (row) => Math.round(1e5 * (1.1 + wave(row) / 20)) / 1e5],
    ['an index around 100', (row) => 100 + wave(row)],
    ['one outlier', (row) => (row === 7 ? 1e18 : wave(row))],
    ['missing values and infinities', (row) => [Number.NaN, Number.POSITIVE_INFINITY, wave(row)][row % 3]!],
    ['nothing at all', () => Number.NaN],
  ])('%s', (_, value) => {
    const values = rows(value);
    const found = stored.choose(values, 'DOUBLE');
    expect(found).toBeInstanceOf(Float32Array);
    expect(Array.from(found)).toEqual(Array.from(Float32Array.from(values)));
    expect(distinct(found)).toBeGreaterThan(0.98 * distinct(values));
  });
});

it('what is float32 is float32, with the same values, in every part of the rows', () => {
  const column = fc
    .record({
      offset: fc.constantFrom(0, 1e3, 3e4, 1e5, 1e6, 1e9),
      scale: fc.constantFrom(1, 1e-3, 1e-45, 1e3),
      levels: fc.constantFrom(0, 2, 30, 700),
      seed: fc.integer({ min: 1, max: 1e6 }),
    })
    .map(({ offset, scale, levels, seed }) => {
      const x = (row: number): number => Math.sin(row * seed * 0.618);
      return rows((row) => offset + scale * (levels > 0 ? Math.round(x(row) * levels) / 3 : x(row)));
    });
  fc.assert(
    fc.property(
      column,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 2000 }),
      (all, step, start) => {
        const part = all.filter((_, row) => row >= start && row % step === 0);
        const whole = stored.choose(all, 'DOUBLE');
        if (whole === all) return;
        const held = whole.filter((_, row) => row >= start && row % step === 0);
        expect(Array.from(stored.choose(part, 'DOUBLE'))).toEqual(Array.from(held));
      },
    ),
    { numRuns: 60, seed: 4 },
  );
});

it('what was rounded once is not rounded again', () => {
  const once = stored
    .choose(
      rows((row) => 100 + wave(row)),
      'DOUBLE',
    )
    .slice();
  expect(Array.from(stored.choose(Float64Array.from(once), 'DOUBLE'))).toEqual(Array.from(once));
});
