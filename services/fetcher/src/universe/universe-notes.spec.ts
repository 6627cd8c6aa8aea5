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
    excluded: columns.flatMap(({ featureId, exclusion }) => (exclusion ? [[featureId, exclusion]] : [])),
    notes: notes.map(({ why }) => why!),
  };
}

it('excludes what differs from another feature only in case, and says so', () => {
  const { excluded, notes } = discover([table('mom_eurusd', 'roc'), table('mom_EURUSD', 'roc', 'diff')]);
  const other = 'mom_eurusd.roc';
  expect(excluded).toEqual([['mom_EURUSD.roc', { code: 'name_differs_in_case', facts: { other } }]]);
  expect(notes).toContainEqual({ code: 'names_differ_in_case', facts: { feature: 'mom_EURUSD.roc', other } });
});

it('notes tables of several groups and of none, but not those of other pairs', () => {
  const { notes } = discover([
    table('agg_eurusd', 'a'),
    table('agg_gbpusd', 'a'),
    table('mkt_eurusd_beta', 'b'),
    table('etf_spy', 'c'),
  ]);
  expect(notes.filter(({ code }) => code !== 'rare_family')).toEqual([
    { code: 'table_in_several_groups', facts: { table: 'mkt_eurusd_beta', groups: ['pair', 'mkt'] } },
    { code: 'tables_outside_all_groups', facts: { tables: 1, first: ['etf_spy'] } },
    { code: 'group_without_tables', facts: { group: 'mkt' } },
  ]);
});

it('says which key of another type or no key at all excludes a table', () => {
  const text = { name: 'interval_time', type: 'STRING', kind: 'text' as ColumnKind };
  const number = { name: 'a', type: 'FLOAT64', kind: 'number' as ColumnKind };
  const { excluded, notes } = discover([
    { ...table('mom_eurusd'), columns: [text, number] },
    { ...table('agg_eurusd'), columns: [number, { ...number, name: 'b' }] },
    table('rsi_eurusd', 'c'),
  ]);
  expect(notes.filter(({ code }) => code === 'table_without_key').map(({ facts }) => facts)).toEqual([
    { table: 'mom_eurusd', columns: 1, key: 'interval_time', type: 'STRING' },
    { table: 'agg_eurusd', columns: 2, key: 'interval_time' },
  ]);
  expect(excluded[0]).toEqual([
    'mom_eurusd.a',
    { code: 'keyless_table', facts: { key: 'interval_time', type: 'STRING' } },
  ]);
});

it('excludes future values by lineage, and notes a rule that meets nothing', () => {
  const future = [
    { columns: 'regime_{pair}.cut*', reason: 'cut-offs over the whole history' },
    { columns: 'regmie_*', reason: 'misspelt' },
  ];
  const { excluded, notes } = discover([table('regime_eurusd', 'cut_low', 'level')], { future });
  expect(excluded).toEqual([
    ['regime_eurusd.cut_low', { code: 'future_lineage', facts: { why: 'cut-offs over the whole history' } }],
  ]);
  expect(notes).toContainEqual({ code: 'lineage_rule_without_columns', facts: { columns: 'regmie_*' } });
});
