import { expect, it } from 'vitest';
import type { CatalogueTable } from '../catalogue/catalogue.js';
import type { UniverseColumn } from '../universe/universe.js';
import { coverageNotes } from './coverage-notes.js';

const DAY = 86_400_000_000;
const START = Date.parse('2024-01-07') * 1000;
const TARGETS = { minKey: START, maxKey: START + 12 * DAY };

function notes(spans: Record<string, [first: number, last: number]>, rows?: number) {
  const tables = Object.entries(spans).map(
    ([name, [first, last]]): CatalogueTable => ({
      schema: 'features',
      name,
      rows: 10,
      columns: [],
      minKey: START + first * DAY,
      maxKey: START + last * DAY,
    }),
  );
  const columns = tables.map((table) => ({ table }) as unknown as UniverseColumn);
  return coverageNotes({}, { ...TARGETS, rows }, { columns, tables, notes: [] }, () => []);
}

it('notes what is missing but for the first bars, which features over a window cannot have', async () => {
  const found = await notes({ whole: [0, 12], warm_up: [0.2, 12], first_partition: [1, 12] });
  expect(found).toEqual([]);
});

it('knows the warm-up of the longest window by the length of a bar', async () => {
  const minutes = 12 * 1440;
  expect(await notes({ of_2880_bars: [2, 12] }, minutes)).toEqual([]);
  expect(await notes({ longer: [2.1, 12] }, minutes)).toHaveLength(1);
  // So few bars that the longest window covers them all: then what is missing is said.
  expect(await notes({ most: [7, 12] }, 2000)).toHaveLength(1);
});

it('notes tables that start later or end earlier, by the part missing', async () => {
  const found = await notes({ late: [1.5, 12], early: [0, 11], warm_up_and_early: [1, 11] });
  expect(found.map(({ why, severity }) => [why!.facts!.table, severity.toFixed(3)])).toEqual([
    ['late', '0.125'],
    ['early', '0.083'],
    ['warm_up_and_early', '0.167'],
  ]);
});
