import { expect, it } from 'vitest';
import type { Catalogue, CatalogueTable, ColumnKind } from '../catalogue/catalogue.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '../catalogue/warehouse-names.js';
import { discoverUniverse } from './discover-universe.js';
import type { UniverseRequest } from './universe.js';

const KEY = { name: 'interval_time', type: 'TIMESTAMP', kind: 'time' as ColumnKind };

function table(name: string, ...columns: string[]): CatalogueTable {
  const numbers = columns.map((column) => ({ name: column, type: 'FLOAT64', kind: 'number' as ColumnKind }));
  return { schema: names.featureSchema, name, rows: 10, columns: [KEY, ...numbers] };
}

function discover(tables: CatalogueTable[], changes: Partial<UniverseRequest> = {}) {
  const catalogue: Catalogue = { tables, fingerprint: '', isKeyType: (type) => type === 'TIMESTAMP' };
  const groups = [
    { name: 'pair', tables: ['*{pair}*', '*EURUSD*'], shared: false, optional: false },
    { name: 'mkt', tables: ['mkt_*'], shared: true, optional: true },
  ];
  const request = { pair: 'eurusd', groups, exclude: [], names, futurePatterns: [], future: [], ...changes };
  const { columns, notes } = discoverUniverse(catalogue, request);
  return {
    excluded: columns.flatMap(({ featureId, exclusionReason: why }) => (why ? [[featureId, why]] : [])),
    notes: notes.map(({ kind, text }) => `${kind}: ${text}`),
  };
}

it('excludes what differs from another feature only in case, and says so', () => {
  const { excluded, notes } = discover([table('mom_eurusd', 'roc'), table('mom_EURUSD', 'roc', 'diff')]);
  const reason = 'its name differs from mom_eurusd.roc only in case';
  expect(excluded).toEqual([['mom_EURUSD.roc', reason]]);
  expect(notes).toContain(`names differ in case: mom_EURUSD.roc is excluded: ${reason}`);
});

it('notes tables of several groups and of none, but not those of other pairs', () => {
  const { notes } = discover([
    table('agg_eurusd', 'a'),
    table('agg_gbpusd', 'a'),
    table('mkt_eurusd_beta', 'b'),
    table('etf_spy', 'c'),
  ]);
  expect(notes.filter((note) => !note.startsWith('rare family'))).toEqual([
    'table in several groups: table mkt_eurusd_beta matches the groups pair and mkt: it counts as pair',
    'tables outside all groups: 1 table in no group, and so not in the universe: etf_spy',
    'group without tables: group "mkt" matches no table and is left out',
  ]);
});

it('says which key of another type or no key at all excludes a table, in the singular too', () => {
  const text = { name: 'interval_time', type: 'STRING', kind: 'text' as ColumnKind };
  const number = { name: 'a', type: 'FLOAT64', kind: 'number' as ColumnKind };
  const { excluded, notes } = discover([
    { ...table('mom_eurusd'), columns: [text, number] },
    { ...table('agg_eurusd'), columns: [number, { ...number, name: 'b' }] },
    table('rsi_eurusd', 'c'),
  ]);
  expect(notes.filter((note) => note.startsWith('table without key'))).toEqual([
    'table without key: table mom_eurusd has interval_time as STRING, not TIMESTAMP: its 1 column is excluded',
    'table without key: table agg_eurusd has no interval_time: its 2 columns are excluded',
  ]);
  expect(excluded[0]).toEqual(['mom_eurusd.a', 'its table has interval_time as STRING, not TIMESTAMP']);
});

it('excludes future values by lineage, and notes a rule that meets nothing', () => {
  const future = [
    { columns: 'regime_{pair}.cut*', reason: 'cut-offs over the whole history' },
    { columns: 'regmie_*', reason: 'misspelt' },
  ];
  const { excluded, notes } = discover([table('regime_eurusd', 'cut_low', 'level')], { future });
  expect(excluded).toEqual([
    ['regime_eurusd.cut_low', 'by its lineage it holds future values (cut-offs over the whole history)'],
  ]);
  expect(notes).toContain('lineage rule without columns: universe.future "regmie_*" matches no column');
});
