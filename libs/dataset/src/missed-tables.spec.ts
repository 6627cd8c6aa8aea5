import { expect, it } from 'vitest';
import type { DatasetColumn } from './dataset.js';
import { missedTables } from './missed-tables.js';

it('names tables of which hardly a row is there, the emptiest first, and no table with one full column', () => {
  const shares: [string, number][] = [
    ['late.a', 0.95],
    ['late.b', 0.92],
    ['off.a', 1],
    ['sparse.a', 0.99],
    ['sparse.b', 0.2],
  ];
  const columns = shares.map(([featureId, nullShare]) => ({ featureId, nullShare, included: true }));
  const left = { featureId: 'texts.a', nullShare: Number.NaN, included: false };
  expect(missedTables([...columns, left] as DatasetColumn[])).toEqual([
    { table: 'off', missed: 1 },
    { table: 'late', missed: 0.92 },
  ]);
});
