import { expect, it } from 'vitest';
import type { FetchQuery, FetchTable } from '../sql/fetch-query.js';
import { BIGQUERY_LIMITS } from '../warehouse/bigquery/published-terms.js';
import { bigQueryDialect } from '../warehouse/bigquery/sql/bigquery-dialect.js';
import { type SplitStatements, splitStatements } from './split-statements.js';
import { exceededLimits, statementSize } from './statement-size.js';

const TARGETS = { schema: 'analytics', name: 'targets_eurusd' };

function table(name: string, columns: number): FetchTable {
  const numbers = Array.from({ length: columns }, (_, c) => ({
    name: `rolling_mean_${c}`,
    type: 'FLOAT64',
    kind: 'number' as const,
  }));
  return { table: { schema: 'bqx_ml_v3_features_v2', name }, numbers, texts: [] };
}

function query(tables: readonly FetchTable[], days?: string[]): FetchQuery {
  return {
    keyColumn: 'interval_time',
    targets: {
      table: TARGETS,
      window: 45,
      columns: [15, 30, 45, 60, 75, 90, 105].map((horizon) => ({
        horizon,
        column: `target_bqx45_h${horizon}`,
      })),
    },
    closes: { table: { schema: 'bqx_ml_v3_features_v2', name: 'base_idx_eurusd' }, column: 'close_idx' },
    sample: {
      sources: [{ table: TARGETS, rows: 80_000, available: 2_000_000 }],
      seed: 1n,
      range: days ? { days } : {},
    },
    tables,
  };
}

const dialect = bigQueryDialect('bqx-ml');

function split(tables: readonly FetchTable[], limits: Partial<typeof BIGQUERY_LIMITS> = {}) {
  const all = { ...BIGQUERY_LIMITS, ...limits };
  const found = splitStatements(query(tables), { dialect, limits: all });
  for (const { query: part, statement } of found.statements) {
    expect(exceededLimits(statementSize(part, statement), all)).toEqual([]);
  }
  return found;
}

const columnsOf = ({ statements }: SplitStatements): string[] =>
  statements.flatMap(({ query: part }) =>
    part.tables.flatMap((each) => each.numbers.map(({ name }) => `${each.table.name}.${name}`)),
  );

it('takes one statement where one does', () => {
  const tables = Array.from({ length: 668 }, (_, t) => table(`cov_agg_${t}`, t < 465 ? 10 : 9));
  const { statements, exceeded } = split(tables);
  expect(statements).toHaveLength(1);
  expect(exceeded).toBeUndefined();
});

it('joins few tables and packs many, of each statement', () => {
  const tables = (count: number) => Array.from({ length: count }, (_, t) => table(`t_${t}`, 2));
  const strategies = ({ statements }: SplitStatements) => statements.map(({ strategy }) => strategy);
  expect(strategies(split(tables(4)))).toEqual(['join']);
  expect(strategies(split(tables(5)))).toEqual(['pack']);
  // Targets, closes and five tables; then the keys and the sixth.
  expect(strategies(split(tables(6), { tables: 7 })).toSorted()).toEqual(['join', 'pack']);
});

it('takes the fewest statements beyond 10,000 columns, whole tables in each, and says why', () => {
  // The grown universe of domain.md: 11,337 and 16,988 columns.
  const tables = Array.from({ length: 667 }, (_, t) => table(`cov_agg_${t}`, t < 665 ? 17 : 16));
  const grown = split(tables);
  expect(columnsOf(grown)).toHaveLength(11_337);
  expect(grown.statements).toHaveLength(2);
  expect(grown.exceeded).toEqual([{ limit: 'columns', size: 11_350, most: 10_000 }]);
  const names = grown.statements.map(({ query: part }) => part.tables.map((each) => each.table.name));
  expect(new Set(names.flat()).size).toBe(667);
  expect(names.flat()).toHaveLength(667);
});

it('takes the fewest statements beyond 1,000 tables', () => {
  const { statements, exceeded } = split(Array.from({ length: 1996 }, (_, t) => table(`t_${t}`, 1)));
  expect(statements).toHaveLength(2);
  expect(exceeded).toContainEqual({ limit: 'tables', size: 1998, most: 1000 });
  // One more than 998 + 999, which is all that two hold beside targets, closes and the second reading of keys.
  expect(split(Array.from({ length: 1998 }, (_, t) => table(`t_${t}`, 1))).statements).toHaveLength(3);
});

it('reads targets once, and in every other statement the keys of the same sample', () => {
  const { statements } = split([table('a', 40), table('b', 40), table('c', 40)], { columns: 60 });
  expect(statements).toHaveLength(3);
  const [first, ...others] = statements;
  expect(first!.query.targets).toBeDefined();
  for (const { query: part, statement } of others) {
    expect(part.targets).toBeUndefined();
    expect(part.closes).toBeUndefined();
    expect(part.sample).toEqual(first!.query.sample);
    const keys = statement.reads.find(({ table: read }) => read.name === 'targets_eurusd');
    expect(keys?.columns.map(({ name }) => name)).toEqual(['interval_time']);
    expect(statement.sql).toContain('LIMIT 80000');
  }
});

it('cuts a table only when it is too large alone, keeping every column once', () => {
  const found = split([table('small', 10), table('wide', 150), table('other', 30)], { columns: 100 });
  const pieces = found.statements.flatMap(({ query: part }) => part.tables);
  expect(
    pieces
      .filter((each) => each.table.name === 'wide')
      .map(({ numbers }) => numbers.length)
      .toSorted(),
  ).toEqual([51, 99]);
  expect(columnsOf(found).toSorted()).toEqual(
    columnsOf({
      statements: [{ query: query([table('small', 10), table('wide', 150), table('other', 30)]) }] as never,
    }).toSorted(),
  );
  expect(found.statements).toHaveLength(3);
});

it('takes the fewest statements beyond 10 GB of result, and the mandated sample in one', () => {
  // 6,484 values over 668 tables.
  const tables = Array.from({ length: 668 }, (_, t) => table(`cov_agg_${t}`, t < 465 ? 10 : 9));
  const of = (rows: number) => {
    const whole = query(tables);
    const sources = [{ ...whole.sample.sources[0]!, rows }];
    const limits = BIGQUERY_LIMITS;
    return splitStatements({ ...whole, sample: { ...whole.sample, sources } }, { dialect, limits });
  };
  expect(of(80_000).statements).toHaveLength(1);
  expect(of(140_000).statements).toHaveLength(1);
  const split = of(150_000);
  expect(split.statements).toHaveLength(2);
  expect(split.exceeded).toEqual([{ limit: 'resultBytes', size: 10_195_200_000, most: 10_000_000_000 }]);
  expect(of(600_000).statements).toHaveLength(5);
});

it('keeps within the characters of SQL', () => {
  const { statements, exceeded } = split(
    Array.from({ length: 120 }, (_, t) => table(`t_${t}`, 5)),
    {
      sqlLength: 20_000,
    },
  );
  expect(exceeded!.map(({ limit }) => limit)).toContain('sqlLength');
  const total = statements.reduce((sum, { statement }) => sum + statement.sql.length, 0);
  expect(statements.length).toBeLessThanOrEqual(Math.ceil(total / 20_000) + 2);
});

it('says when there is no room at all', () => {
  expect(() => split([table('a', 5)], { columns: 10 })).toThrow('no room for the targets');
  expect(() => split([table('a', 5)], { tables: 1 })).toThrow('no room for the targets');
});
