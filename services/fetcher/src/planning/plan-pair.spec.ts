import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeepPartial, RunSpec, SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEFAULT_WAREHOUSE_NAMES as names } from '../catalogue/warehouse-names.js';
import {
  BARS,
  buildSmallWarehouse,
  COLUMNS,
  EXCLUDED_BY_PLAN,
  FEATURES,
  TARGETS,
} from '../fixtures/small-warehouse.js';
import { FUTURE_COLUMN_PATTERNS } from '../universe/future-columns.js';
import { MIN_TABLE_BYTES } from '../warehouse/bigquery/published-terms.js';
import { EmbeddedWarehouse } from '../warehouse/embedded/embedded-warehouse.js';
import { identityText, parseIdentity } from './dataset-identity.js';
import { pairPlan } from './pair-plan.js';
import { type PlannedPair, type PlanningRules, planPair } from './plan-pair.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // generous: the machine may be busy

const futurePatterns = FUTURE_COLUMN_PATTERNS.map((pattern) => new RegExp(pattern, 'i'));
const PAIR_GROUP = { name: 'pair', tables: ['*{pair}*'], shared: false };

let folder: string;
let untouched: EmbeddedWarehouse;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-plan-'));
  untouched = await changed('untouched', []);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function changed(name: string, change: readonly string[]): Promise<EmbeddedWarehouse> {
  await buildSmallWarehouse(join(folder, name), change);
  return open(name);
}

function open(name: string, changes: Partial<typeof names> = {}): EmbeddedWarehouse {
  const tempFolder = join(folder, 'tmp');
  return new EmbeddedWarehouse({
    folder: join(folder, name),
    names: { ...names, ...changes },
    tempFolder,
    memoryLimit: '512MB',
  });
}

function plan(
  warehouse: EmbeddedWarehouse,
  spec: DeepPartial<RunSpec> = {},
  rules: Partial<PlanningRules> = {},
) {
  const resolved = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], ...spec }));
  return planPair(warehouse, 'eurusd', resolved, { names, futurePatterns, ...rules });
}

describe('a plan', () => {
  let planned: PlannedPair;
  beforeAll(async () => {
    planned = await plan(untouched);
  });

  it('accounts for every column, excluded ones with the reason, and warns about what is odd', () => {
    const wire = pairPlan(planned, { bytes: [5n], cached: false, pricePerTibUsd: 6.25 });
    expect(wire).toMatchObject({
      columns: COLUMNS,
      includedColumns: COLUMNS - EXCLUDED_BY_PLAN,
      targets: 7,
      rows: BARS,
      tables: 9,
    });
    expect(wire.exclusions.map((exclusion) => exclusion.featureId)).toEqual([
      'base_bqx_eurusd.target_45',
      'mkt_vix_summary.mean_vix',
      'mkt_vix_summary.deviation_vix',
      'var_usd.seen_at',
      'csi_usd.day',
    ]);
    expect(wire.exclusions.map(({ why }) => why!.code)).toEqual([
      'future_name',
      'keyless_table',
      'keyless_table',
      'point_in_time',
      'point_in_time',
    ]);
    expect(wire.notes.map(({ kind, why }) => [kind, why])).toEqual([
      [
        'table without key',
        {
          code: 'table_without_key',
          facts: { table: 'mkt_vix_summary', columns: 2, key: 'interval_time' },
        },
      ],
      [
        'partial coverage',
        {
          code: 'partial_coverage',
          facts: expect.objectContaining({ table: 'tri_late', from: expect.stringMatching(/^2020-01-03/) }),
        },
      ],
    ]);
    expect(wire.notes[1]!.severity).toBeCloseTo(1 - 998 / 3999, 3);
  });

  it('is one statement that names no column of the future and every table once', () => {
    const { sql } = planned.statements[0]!.statement;
    expect(planned.statements).toHaveLength(1);
    expect(sql).not.toContain('"target_45"');
    expect(sql.match(/"mom_eurusd"/g)).toHaveLength(1);
    expect(sql).not.toContain('gbpusd');
    expect(sql).not.toContain(';');
  });

  it('has an identity of all that determines the data and nothing else', async () => {
    const id = planned.datasetId;
    expect((await plan(open('untouched'))).datasetId).toBe(id);
    expect((await plan(untouched, { budgetUsd: 1, preset: 'quick', horizons: [15] })).datasetId).toBe(id);
    const split = await plan(untouched, {}, { sqlStrategy: 'join', limits: { columns: 14 } });
    expect(split.statements.length).toBeGreaterThan(1);
    expect(split.datasetId).toBe(id); // how it is read says nothing about what is read
    expect(identityText(parseIdentity(planned.identity)!)).toEqual({
      identity: planned.identity,
      datasetId: id,
    });
    expect(identityText(planned.facts).datasetId).toBe(id);
    const others: DeepPartial<RunSpec>[] = [
      { sample: { seed: 9n } },
      { sample: { rows: 500 } },
      { period: { from: '2020-01-02' } },
      { horizons: [15], universe: { exclude: ['mkt_vix.odd'] } },
    ];
    for (const spec of others) expect((await plan(untouched, spec)).datasetId).not.toBe(id);
    const grown = await changed('grown', [
      `INSERT INTO ${FEATURES}.csi_usd SELECT TIMESTAMP '2021-01-01', 1, DATE '2021-01-01', 1`,
    ]);
    expect((await plan(grown)).datasetId).not.toBe(id);
  });

  it('counts bytes as BigQuery bills them: at least 10 MiB a table, less with fewer columns', async () => {
    const { bytes } = await untouched.dryRun(planned.statements[0]!.statement);
    expect(bytes).toBe(9n * MIN_TABLE_BYTES); // eight feature tables with the key, one of targets; all small
    await expect(
      untouched.run(planned.statements[0]!.statement, { jobId: 'x', maximumBytesBilled: bytes - 1n }),
    ).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  it('takes the least number of stratified days that hold the rows', async () => {
    const { statements, ...planned } = await plan(untouched, {
      sample: { rows: 1500, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS },
    });
    expect(statements[0]!.query.sample.range.days?.length).toBe(2);
    expect(planned).toMatchObject({ rows: 1500, periodRows: BARS, days: 2 });
    expect(planned.dayRows).toBeGreaterThanOrEqual(1500);
  });
});

describe('planning fails, naming the thing and the remedy,', () => {
  const cases: [string, string, string, string][] = [
    ['no targets table', `DROP TABLE ${TARGETS}.targets_eurusd`, 'NOT_FOUND', `${TARGETS}.targets_eurusd`],
    [
      'no target column',
      `ALTER TABLE ${TARGETS}.targets_eurusd DROP COLUMN target_bqx45_h30`,
      'NOT_FOUND',
      'target_bqx45_h30',
    ],
    [
      'no key in targets',
      `ALTER TABLE ${TARGETS}.targets_eurusd RENAME COLUMN interval_time TO t`,
      'NOT_FOUND',
      'no key column interval_time',
    ],
    ['a missing table of the pair', `DROP TABLE ${FEATURES}.mom_eurusd`, 'NOT_FOUND', 'mom_eurusd'],
    [
      'a doubled key',
      `INSERT INTO ${FEATURES}.tri_error SELECT * FROM ${FEATURES}.tri_error WHERE error = 5`,
      'FAILED_PRECONDITION',
      'tri_error holds the key 2020-01-01T00:50:00.000Z 2 times',
    ],
    [
      'a doubled key in targets',
      `INSERT INTO ${TARGETS}.targets_eurusd SELECT * FROM ${TARGETS}.targets_eurusd LIMIT 1`,
      'FAILED_PRECONDITION',
      'targets_eurusd holds the key',
    ],
  ];
  it.each(cases)('on %s', async (name, sql, code, message) => {
    const warehouse = await changed(name.replaceAll(' ', '-'), [sql]);
    await expect(plan(warehouse)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      remedy: expect.stringMatching(/.{10}/),
    });
  });

  it('on another number of columns than expected', async () => {
    await expect(plan(untouched, { universe: { expectedColumns: 21 } })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('22 feature columns (pair 9, tri 4, mkt 4, var 2, csi 3), not 21'),
    });
    expect((await plan(untouched, { universe: { expectedColumns: COLUMNS } })).rows).toBe(BARS);
  });

  it('on a group without tables that is asked for, and on groups that all lack them', async () => {
    const macro = { name: 'macro', tables: ['macro_*'], shared: true };
    await expect(plan(untouched, { universe: { groups: [PAIR_GROUP, macro] } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('group "macro" of eurusd matches no table: macro_*'),
    });
    await expect(
      plan(untouched, { universe: { groups: [{ ...macro, optional: true }] } }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('none of the groups macro'),
    });
  });

  it('on a period without rows and on a universe of excluded columns only', async () => {
    await expect(plan(untouched, { period: { from: '2030-01-01' } })).rejects.toMatchObject({
      message: expect.stringContaining('no rows in the period'),
      remedy: expect.stringContaining('2020-01-01T00:00:00.000Z to 2020-01-03'),
    });
    const groups = [{ name: 'summary', tables: ['mkt_vix_summary'], shared: true }];
    await expect(plan(untouched, { universe: { groups } })).rejects.toMatchObject({
      message: expect.stringContaining('every one is excluded'),
    });
  });
});

describe('what is not fatal', () => {
  it('is excluded or left out, and said', async () => {
    const warehouse = await changed('oddities', [
      `DROP TABLE ${FEATURES}.base_idx_eurusd`,
      `ALTER TABLE ${FEATURES}.var_usd ALTER interval_time TYPE VARCHAR`,
      `ALTER TABLE ${TARGETS}.targets_eurusd DROP COLUMN target_bqx45_h105`,
    ]);
    const planned = await plan(warehouse, {
      horizons: [15, 30],
      universe: {
        groups: [
          PAIR_GROUP,
          { name: 'mkt', tables: ['macro_*'], shared: true, optional: true },
          { name: 'var', tables: ['var_*'], shared: true },
        ],
        exclude: ['base_*'],
      },
    });
    const { query } = planned.statements[0]!;
    expect(query.closes).toBeUndefined();
    expect(query.targets!.columns.map(({ horizon }) => horizon)).toEqual([15, 30, 45, 60, 75, 90]);
    expect(planned.notes.map(({ why }) => why)).toMatchObject([
      { code: 'tables_outside_all_groups', facts: { tables: 5 } },
      { code: 'group_without_tables', facts: { group: 'mkt' } },
      { code: 'table_without_key', facts: { key: 'interval_time', type: 'VARCHAR', columns: 2 } },
      { code: 'columns_removed', facts: { columns: 3 } },
      { code: 'target_not_stored', facts: {} },
      { code: 'no_overlap_baseline', facts: {} },
    ]);
  });
});
