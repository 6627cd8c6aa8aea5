import { expect, it } from 'vitest';
import type { CatalogueColumn } from '../../catalogue/catalogue.js';
import type { FetchQuery } from '../../sql/fetch-query.js';
import { duckdbDialect } from './duckdb-dialect.js';

const number = (name: string, type = 'DOUBLE'): CatalogueColumn => ({ name, type, kind: 'number' });

const QUERY: FetchQuery = {
  keyColumn: 'interval_time',
  targets: {
    table: { schema: 'analytics', name: 'targets_eurusd' },
    window: 45,
    columns: [
      { horizon: 15, column: 'target_bqx45_h15' },
      { horizon: 60, column: 'target_bqx45_h60' },
    ],
  },
  closes: { table: { schema: 'features', name: 'base_idx_eurusd' }, column: 'close_idx' },
  sample: {
    sources: [{ table: { schema: 'analytics', name: 'targets_eurusd' }, rows: 80_000, available: 2_000_000 }],
    seed: 7n,
    range: { from: 1_577_836_800_000_000, days: ['2020-01-02'] },
  },
  tables: [
    {
      table: { schema: 'features', name: 'mom_eurusd' },
      numbers: [number('roc'), number('steps', 'BIGINT')],
      texts: [],
    },
    {
      table: { schema: 'features', name: 'odd "name"' },
      numbers: [],
      texts: [{ name: 'regime', type: 'VARCHAR', kind: 'text' }],
    },
  ],
};

it.each(['pack', 'join'] as const)('%s writes the statement of the golden file', async (strategy) => {
  await expect(duckdbDialect[strategy](QUERY)).toMatchFileSnapshot(`golden/${strategy}.sql`);
});

it('takes keys of several tables, and nothing else of them, without targets', async () => {
  const { targets: _, closes: __, ...query } = QUERY;
  const [source] = QUERY.sample.sources;
  const other = {
    table: { schema: 'analytics', name: 'targets_usdjpy' },
    rows: 80_000,
    available: 1_000_000,
  };
  const keysOnly = { ...query, sample: { ...query.sample, sources: [source!, other] } };
  await expect(duckdbDialect.pack(keysOnly)).toMatchFileSnapshot('golden/keys-only.sql');
  expect(duckdbDialect.pack({ ...keysOnly, tables: [] })).not.toContain('UNION ALL');
});

it('leaves out what is not asked for', () => {
  const { closes: _, ...query } = QUERY;
  const sql = duckdbDialect.pack({
    ...query,
    sample: { sources: [{ ...QUERY.sample.sources[0]!, rows: 5, available: 5 }], seed: 1n, range: {} },
  });
  expect(sql).not.toContain('closes');
  expect(sql).not.toContain('WHERE');
});
