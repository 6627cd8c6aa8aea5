import { expect, it } from 'vitest';
import type { UniverseColumn } from '../universe/universe.js';
import type { CatalogueTable } from '../warehouse/warehouse.js';
import { coverageNotes } from './coverage-notes.js';

const DAY = 86_400_000_000;
const START = Date.parse('2024-01-07') * 1000;
const TARGETS = { minKey: START, maxKey: START + 12 * DAY };

function notes(spans: Record<string, [first: number, last: number]>) {
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
  return coverageNotes({}, TARGETS, { columns, tables, notes: [] });
}

it('notes what is missing but for the first bars, which features over a window cannot have', async () => {
  const found = await notes({ whole: [0, 12], warm_up: [0.2, 12], first_partition: [1, 12] });
  expect(found).toEqual([]);
});

it('notes tables that start later or end earlier, by the part missing', async () => {
  const found = await notes({ late: [1.5, 12], early: [0, 11], warm_up_and_early: [1, 11] });
  expect(found.map(({ text, severity }) => [text.split(' ')[1], severity.toFixed(3)])).toEqual([
    ['late', '0.125'],
    ['early', '0.083'],
    ['warm_up_and_early', '0.167'],
  ]);
});
