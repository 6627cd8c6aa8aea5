import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fetchTiny, openWarehouse, planTiny } from '../../fixtures/plan-and-fetch.js';
import { FEATURES as F, TARGETS } from '../../fixtures/small-warehouse.js';
import { buildTinyWarehouse, TINY_BARS } from '../../fixtures/tiny-warehouse.js';
import type { PlannedPair } from '../../planning/plan-pair.js';
import { name } from '../duckdb/duckdb-dialect.js';
import type { EmbeddedWarehouseOptions } from './embedded-warehouse.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let root = '';
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-odd-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A tiny warehouse with changes, its plan and what is fetched by it. */
async function planAndFetch(change: readonly string[], options: Partial<EmbeddedWarehouseOptions> = {}) {
  const folder = await buildTinyWarehouse(join(root, `w${made++}`), { change });
  const warehouse = openWarehouse(folder, options);
  const planned = await planTiny(warehouse);
  return { warehouse, planned, fetched: await fetchTiny(warehouse, planned, join(folder, 'cache')) };
}

const reasons = ({ universe }: PlannedPair): Map<string, ExclusionReason | undefined> =>
  new Map(universe.columns.map(({ featureId, exclusion }) => [featureId, exclusion]));
const notes = ({ notes: all }: PlannedPair) => all.map(({ why }) => why);
const unreadable = (code: 'unreadable_table' | 'unreadable_column', problem: RegExp) => ({
  code,
  facts: { problem: expect.stringMatching(problem) },
});
const SOUND = ['base_idx_eurusd.close_idx', 'mom_eurusd.roc', 'mom_eurusd.steps', 'mom_eurusd.regime'];

describe('a view', () => {
  it('that no group has costs nothing, broken or slow', async () => {
    const { planned, fetched } = await planAndFetch(
      [
        'CREATE SCHEMA scratch; CREATE TABLE scratch.t AS SELECT 1 AS a',
        'CREATE VIEW scratch.old AS SELECT a FROM scratch.t',
        `CREATE VIEW ${F}.mom_other AS SELECT a FROM scratch.t; DROP TABLE scratch.t`,
        `CREATE VIEW ${F}.slow AS SELECT count(*) AS n FROM range(1000000) a, range(1000000) b`,
      ],
      { viewLimitMs: 3_600_000 },
    );
    expect([...reasons(planned).keys()]).toEqual(SOUND);
    expect([...fetched.values.keys()]).toEqual(SOUND);
  });

  it.each([
    [
      'whose table is gone',
      'SELECT interval_time, a FROM scratch.t',
      /cannot be read: Catalog Error: .*\bt\b/,
    ],
    [
      'that fails on a value',
      `SELECT interval_time, CAST(regime AS DOUBLE) AS a FROM ${F}.mom_eurusd`,
      /cannot be read: Conversion Error: .*low|high/,
    ],
    [
      'that takes too long',
      `SELECT interval_time, (SELECT count(*) FROM range(10000000) x, range(1000000) y WHERE x.range + y.range > m.steps) AS a FROM ${F}.mom_eurusd m`,
      /takes more than 0.5 s to compute/,
    ],
  ])('%s costs itself, with its reason', async (_what, query, reason) => {
    const { planned, fetched } = await planAndFetch(
      [
        'CREATE SCHEMA scratch; CREATE TABLE scratch.t AS SELECT interval_time, 1 AS a FROM bars',
        `CREATE VIEW ${F}.bad_eurusd AS ${query}; DROP TABLE scratch.t`,
      ],
      { viewLimitMs: 500 },
    );
    const found = unreadable('unreadable_table', reason);
    expect(reasons(planned).get('bad_eurusd.a')).toEqual(found);
    expect(notes(planned)).toContainEqual({
      code: 'table_that_cannot_be_read',
      facts: { table: 'bad_eurusd', columns: 1, ...found.facts },
    });
    expect([...fetched.values.keys()]).toEqual(SOUND);
    expect(fetched.excluded.get('bad_eurusd.a')).toEqual(found);
  });

  it('that the closes are in costs the overlap baseline, one of targets stops its pair with the reason', async () => {
    const { planned } = await planAndFetch([
      `DROP TABLE ${F}.base_idx_eurusd; CREATE TABLE gone AS SELECT interval_time, close FROM bars`,
      `CREATE VIEW ${F}.base_idx_eurusd AS SELECT interval_time, close AS close_idx FROM gone; DROP TABLE gone`,
    ]);
    expect(planned.statements[0]!.query.closes).toBeUndefined();
    expect(notes(planned)).toContainEqual(
      expect.objectContaining({
        code: 'no_overlap_baseline',
        facts: expect.objectContaining({
          table: 'base_idx_eurusd',
          words: expect.stringMatching(/^cannot be read: Catalog Error/),
        }),
      }),
    );
    const targets = planAndFetch([
      `CREATE TABLE gone AS FROM ${TARGETS}.targets_eurusd; DROP TABLE ${TARGETS}.targets_eurusd`,
      `CREATE VIEW ${TARGETS}.targets_eurusd AS FROM gone; DROP TABLE gone`,
    ]);
    await expect(targets).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/targets_eurusd cannot be read: Catalog Error/),
    });
  });
});

describe('a name that equals one of ours', () => {
  it('as k is read, with a period and with days', async () => {
    const value = 'sin(bar)';
    const columns = ['k', 'part', 'numbers', 'texts', 'r', 't', 'f', 's', 'bar', 'persistence', 'target_15'];
    const { warehouse } = await planAndFetch([
      `CREATE TABLE ${F}.stoch_eurusd AS SELECT interval_time, ${columns.map((c) => `${value} AS ${c}`).join(', ')} FROM bars`,
      `CREATE TABLE ${F}.plain_eurusd AS SELECT interval_time, ${columns.map((c) => `${value} AS ${c}x`).join(', ')} FROM bars`,
    ]);
    const bytesOf = async (exclude: string, sample: object): Promise<bigint> => {
      const universe = {
        groups: [{ name: 'pair', tables: ['*{pair}*'], shared: false }],
        exclude: [exclude],
      };
      const planned = await planTiny(warehouse, { universe, ...sample });
      return (await warehouse.dryRun(planned.statements[0]!.statement)).bytes;
    };
    const days = { sample: { rows: 300, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS } };
    for (const sample of [{ period: { from: '2024-03-10' } }, days]) {
      expect(await bytesOf('plain_*', sample)).toBe(await bytesOf('stoch_*', sample));
    }
  });

  it('as the key in another case is the key, in features, targets and closes', async () => {
    const plain = await planAndFetch([]);
    const { planned, fetched } = await planAndFetch([
      `ALTER TABLE ${F}.mom_eurusd RENAME interval_time TO Interval_Time`,
      `ALTER TABLE ${F}.base_idx_eurusd RENAME interval_time TO INTERVAL_TIME`,
      `ALTER TABLE ${F}.base_idx_eurusd RENAME close_idx TO Close_Idx`,
      `ALTER TABLE ${TARGETS}.targets_eurusd RENAME interval_time TO "Interval_time"`,
      `ALTER TABLE ${TARGETS}.targets_eurusd RENAME target_bqx45_h60 TO "Target_BQX45_h60"`,
    ]);
    expect(notes(planned)).toEqual(notes(plain.planned));
    expect(planned.statements[0]!.query.targets!.columns.length).toBe(7);
    expect(fetched.meta.rows).toBe(TINY_BARS);
    expect(fetched.meta.overlapHorizons).toEqual(plain.fetched.meta.overlapHorizons);
    expect(fetched.values.get('mom_eurusd.roc')).toEqual(plain.fetched.values.get('mom_eurusd.roc'));
  });
});

it('a U+FEFF at the start of a name or a text is part of it', async () => {
  const bom = '\uFEFF';
  const { planned, fetched } = await planAndFetch([
    `CREATE TABLE ${F}."${bom}bad_eurusd" AS SELECT interval_time, bar FROM bars`,
    `CREATE TABLE ${F}.odd_eurusd AS SELECT interval_time, bar AS "${bom}signal", bar * 2 AS signal,
      CASE bar % 2 WHEN 0 THEN '${bom}a' ELSE 'a' END AS letter FROM bars`,
  ]);
  const valuesOf = (column: string) => fetched.values.get(`odd_eurusd.${column}`)?.slice(0, 4);
  expect(valuesOf(`${bom}signal`)).toEqual(Float32Array.of(0, 1, 2, 3));
  expect(valuesOf('signal')).toEqual(Float32Array.of(0, 2, 4, 6));
  expect(new Set(valuesOf('letter')).size).toBe(2);
  expect(reasons(planned).get(`${bom}bad_eurusd.bar`)).toEqual(
    unreadable('unreadable_column', /begins with U\+FEFF/),
  );
});

it('a key of infinity costs its table', async () => {
  const { planned, fetched } = await planAndFetch([
    `CREATE TABLE ${F}.inf_eurusd AS SELECT interval_time::TIMESTAMP AS interval_time, bar FROM bars`,
    `INSERT INTO ${F}.inf_eurusd VALUES ('infinity', 5)`,
  ]);
  expect(reasons(planned).get('inf_eurusd.bar')).toEqual(
    unreadable('unreadable_table', /holds a key of infinity/),
  );
  expect([...fetched.values.keys()]).toEqual(SOUND);
});

/** Names that people and programs give columns, and those that could be taken for something else. */
const ODD = [
  'select', 'from', '"', '""', "'", '`', '.', 'a.b', '*', '%', '\\', '\n', '\t', ' ', ' x ', '😀', 'é', 'e\u0301',
  '__proto__', 'constructor', 'toString', 'rowid', 'k', 'r', 'f', 's', 't', 'w', 'bar', 'bars', 'sample', 'part',
  'numbers', 'texts', 'key', 'row_index', 'persistence', 'known_15', 'Interval_Time2', '\uFEFFx', '\u200Bx', '$1',
  '--', '/*', ';', '{pair}', '[x]', '(x)', '0', '-1', 'NULL', 'nan', 'x'.repeat(400), 'numbers_1', 'f1', '?', '#',
]; // biome-ignore format: a list

it('whatever columns and tables are called, sound ones are fetched and every one is accounted for', async () => {
  const oddName = fc.oneof(
    fc.constantFrom(...ODD),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  );
  const catalogue = fc.array(
    fc.record({ table: oddName, columns: fc.uniqueArray(oddName, { maxLength: 6, minLength: 1 }) }),
    { minLength: 1, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(catalogue, async (tables) => {
      const expected = new Map<string, number>();
      const change: string[] = [];
      for (const [i, { table, columns }] of tables.entries()) {
        if (
          /[\0\uD800-\uDFFF]/.test(
            [table, ...columns].join('').replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, ''),
          )
        )
          continue;
        const lower = columns.map((column) => column.toLowerCase());
        if (new Set([...lower, 'interval_time']).size !== columns.length + 1) continue;
        const tableName = `${table}${i}eurusd`;
        const list = columns.map((column, c) => `bar * 10 + ${c} AS ${name(column)}`);
        change.push(
          `CREATE TABLE ${F}.${name(tableName)} AS SELECT interval_time, ${list.join(', ')} FROM bars`,
        );
        for (const [c, column] of columns.entries()) expected.set(`${tableName}.${column}`, c);
      }
      const { planned, fetched } = await planAndFetch(change);
      const found = reasons(planned);
      for (const id of SOUND) expect(fetched.values.has(id)).toBe(true);
      for (const [id, c] of expected) {
        expect(found.has(id), JSON.stringify(id)).toBe(true);
        const values = fetched.values.get(id);
        if (values) expect(values.slice(0, 2)).toEqual(Float32Array.of(c, 10 + c));
        else expect(fetched.excluded.get(id.replace(/^\uFEFF/, '')), JSON.stringify(id)).toBeDefined();
      }
    }),
    { numRuns: 2, endOnFailure: true },
  );
});
