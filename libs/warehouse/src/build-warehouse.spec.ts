import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildWarehouse } from './build-warehouse.js';
import type { WarehouseManifest } from './manifest.js';
import { FEATURE_SCHEMA } from './schema.js';
import { expectColumn } from './testing/expect-column.js';
import { expectNoLookAhead } from './testing/expect-no-look-ahead.js';
import * as naive from './testing/naive-formulas.js';
import { OpenWarehouse } from './testing/open-warehouse.js';
import { SOURCE, TriangleBars } from './testing/triangle-bars.js';

/** Generous, because a loaded machine builds slowly. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let triangle: TriangleBars;
let manifest: WarehouseManifest;
let otherInputs = '';
let warehouse: OpenWarehouse;

beforeAll(async () => {
  triangle = await TriangleBars.write();
  manifest = await triangle.build('a', 'a', 'small');
  otherInputs = (await triangle.build('b', 'b', 'small')).inputsSha256;
  warehouse = await OpenWarehouse.open(join(triangle.folder, 'a'));
});

afterAll(() => {
  warehouse.close();
  triangle.remove();
});

describe('a built warehouse', () => {
  it('agrees with its manifest in tables and columns', async () => {
    const [[tables, columns]] = (await warehouse.rows(
      `SELECT count(DISTINCT table_name), count(*) FILTER (column_name <> 'interval_time')
      FROM information_schema.columns WHERE table_schema = '${FEATURE_SCHEMA}'`,
    )) as [[bigint, bigint]];
    const groups = Object.entries(manifest.groups).filter(([group]) => group !== 'targets');
    expect(Number(tables)).toBe(groups.reduce((total, [, counts]) => total + counts.tables, 0));
    expect(Number(columns)).toBe(groups.reduce((total, [, counts]) => total + counts.columns, 0));
    expect(manifest.columnsOfPair.eurusd).toBe(Number(columns));
    expect(manifest.missingPairs).toHaveLength(25);
  });

  it('has one row a key in every table with a key', async () => {
    const tables = await warehouse.rows(
      `SELECT table_schema || '.' || table_name FROM information_schema.columns WHERE column_name = 'interval_time'`,
    );
    const counts = tables.map(
      ([table]) => `SELECT count(*) - count(DISTINCT interval_time) AS surplus FROM ${table}`,
    );
    expect(await warehouse.rows(`SELECT sum(surplus) FROM (${counts.join(' UNION ALL ')})`)).toEqual([[0n]]);
  });

  it('keeps the traps: future columns, a table without key, late tables, empty, constant and repeated columns', async () => {
    const [future] = await warehouse.columns('base_bqx_eurusd', ['target_45']);
    expectColumn(future!, (t) => naive.bqx(triangle.bars.get('eurusd')!.close, t + 45, 45), 1e-12);
    const keyless = await warehouse.rows(
      `SELECT column_name FROM information_schema.columns WHERE table_name = 'mkt_regime_summary'`,
    );
    expect(keyless.flat()).not.toContain('interval_time');
    const [facts] = await warehouse.rows(`SELECT
      (SELECT min(interval_time) FROM ${FEATURE_SCHEMA}.align_eurusd) > min(a.interval_time),
      count(spy_return), count(DISTINCT agg_count_45), count(*) FILTER (agg_mean_45 IS DISTINCT FROM reg_mean_45)
      FROM ${FEATURE_SCHEMA}.agg_eurusd a JOIN ${FEATURE_SCHEMA}.reg_eurusd USING (interval_time)
      JOIN ${FEATURE_SCHEMA}.mkt_outside USING (interval_time)`);
    expect(facts).toEqual([true, 0n, 1n, 0n]);
  });

  it('has columns of every type', async () => {
    const types = await warehouse.rows(
      `SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = '${FEATURE_SCHEMA}'`,
    );
    expect(types.flat().sort()).toEqual(['BIGINT', 'BOOLEAN', 'DOUBLE', 'FLOAT', 'TIMESTAMP', 'VARCHAR']);
  });

  it('changes no feature at or before a bar when only later bars change', async () => {
    await expectNoLookAhead(warehouse, join(triangle.folder, 'b', 'warehouse.duckdb'));
  });
});

describe('buildWarehouse', () => {
  it('leaves no other file than the three and keeps a warehouse that is up to date', async () => {
    expect(readdirSync(join(triangle.folder, 'a')).sort()).toEqual([
      'warehouse-tables.json',
      'warehouse.duckdb',
      'warehouse.json',
    ]);
    const stages: string[] = [];
    const again = await buildWarehouse({
      bars: { kind: 'folder', path: join(triangle.folder, 'bars-a') },
      out: join(triangle.folder, 'a'),
      universe: 'small',
      pairs: ['eurusd'],
      onProgress: ({ stage }) => stages.push(stage),
    });
    expect(again).toEqual(manifest);
    expect(stages).toEqual(['up to date']);
  });

  it('builds anew when the inputs differ, and the same tables when they do not', async () => {
    const digest = async (out: string): Promise<unknown[][]> => {
      const opened = await OpenWarehouse.open(join(triangle.folder, out));
      const tables = ['agg_eurusd', 'reg_bqx_eurusd', 'mkt_flow', 'csi_mom_idx_eur', 'tri_agg_eur_gbp_usd'];
      const rows = await opened.rows(
        tables
          .map((table) => `SELECT bit_xor(hash(t)) FROM ${FEATURE_SCHEMA}.${table} t`)
          .join(' UNION ALL '),
      );
      opened.close();
      return rows;
    };
    // Where another one was.
    cpSync(join(triangle.folder, 'b'), join(triangle.folder, 'c'), { recursive: true });
    const others = await digest('c');
    const again = await triangle.build('c', 'a', 'small', { threads: 1 });
    expect(again.inputsSha256).toBe(manifest.inputsSha256);
    expect(again.inputsSha256).not.toBe(otherInputs);
    expect(await digest('c')).not.toEqual(others);
    expect(await digest('c')).toEqual(await digest('a'));
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const out = join(triangle.folder, 'cancelled');
    const controller = new AbortController();
    const building = buildWarehouse({
      bars: { kind: 'simulation', seed: 1n, bars: 3200 },
      out,
      universe: 'small',
      pairs: ['eurusd'],
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 40) controller.abort();
      },
    });
    await expect(building).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readdirSync(triangle.folder)).not.toContain('cancelled');
  });

  it.each([
    [{ universe: 'huge' as 'small' }, 'universe: "huge"'],
    [{ pairs: ['eurxxx'] }, '"eurxxx" is not a known pair'],
    [{ pairs: [] }, 'the list is empty'],
    [{ bars: { kind: 'simulation', seed: 1n, bars: 100 } as const }, 'too short'],
    [{ bars: { kind: 'simulation', seed: 1n, bars: 4000, effect: -1 } as const }, 'effect: -1'],
  ])('refuses %o', async (change, message) => {
    const options = {
      bars: SOURCE,
      out: join(triangle.folder, 'refused'),
      universe: 'small' as const,
      ...change,
    };
    await expect(buildWarehouse(options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });
});
