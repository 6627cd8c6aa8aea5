import { expect, it } from 'vitest';
import type { CatalogueColumn } from '../../../catalogue/catalogue.js';
import type { FetchQuery } from '../../../sql/fetch-query.js';
import { bigQueryDialect } from './bigquery-dialect.js';

const number = (name: string, type = 'FLOAT64'): CatalogueColumn => ({ name, type, kind: 'number' });

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
    range: { from: 1_577_836_800_000_000, days: ['2020-01-02', '2020-03-04'] },
  },
  tables: [
    {
      table: { schema: 'features', name: 'mom_eurusd' },
      numbers: [
        number('roc'),
        number('steps', 'INT64'),
        { name: 'up', type: 'BOOL', kind: 'bool' },
        number('exact', 'NUMERIC(10, 2)'),
      ],
      texts: [],
    },
    {
      table: { schema: 'features', name: 'tri_error' },
      numbers: [],
      texts: [{ name: 'regime', type: 'STRING', kind: 'text' }],
    },
  ],
};

const dialect = bigQueryDialect('bqx-ml');

it.each(['pack', 'join'] as const)('%s writes the statement of the golden file', async (strategy) => {
  await expect(dialect[strategy](QUERY)).toMatchFileSnapshot(`golden/${strategy}.sql`);
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
  await expect(dialect.pack(keysOnly)).toMatchFileSnapshot('golden/keys-only.sql');
  expect(dialect.pack({ ...keysOnly, tables: [] })).not.toContain('UNION ALL');
});

it('leaves out what is not asked for', () => {
  const { closes: _, ...query } = QUERY;
  const sql = dialect.pack({
    ...query,
    sample: { sources: [{ ...QUERY.sample.sources[0]!, rows: 5, available: 5 }], seed: 1n, range: {} },
  });
  expect(sql).not.toContain('closes');
  expect(sql).not.toContain(
    "FARM_FINGERPRINT(CONCAT('1:', CAST(UNIX_MICROS(`interval_time`) AS STRING))) & 2147483647) <=",
  );
  // Targets, the sample of them and both tables: where a filter on partitions is required there is one.
  expect(sql.match(/(?:`interval_time`|\bk) >= TIMESTAMP '0001-01-01'/g)).toHaveLength(4);
});

it.each(['a`b', 'x y', '1st', 'x;', ''])('refuses the column name "%s"', (name) => {
  const tables = [{ ...QUERY.tables[0]!, numbers: [number(name)] }];
  expect(() => dialect.pack({ ...QUERY, tables })).toThrow('cannot stand in a BigQuery statement');
});

it('keeps a universe of 668 tables and 6,477 columns under 1 MB of text, with days too', () => {
  const days = Array.from({ length: 60 }, (_, i) => new Date(i * 86_400_000).toISOString().slice(0, 10));
  const tables = Array.from({ length: 668 }, (_, t) => ({
    table: { schema: 'bqx_ml_v3_features_v2', name: `cov_agg_bqx_eurusd_gbpusd_${t}` },
    numbers: Array.from({ length: t < 465 ? 10 : 9 }, (_, c) => number(`rolling_mean_${c}`)),
    texts: [],
  }));
  const columns = tables.reduce((sum, table) => sum + table.numbers.length, 0);
  expect(columns).toBe(6477);
  const range = { days };
  const sql = dialect.pack({ ...QUERY, tables, sample: { ...QUERY.sample, range } });
  expect(sql.length).toBeLessThan(1024 * 1024);
});
