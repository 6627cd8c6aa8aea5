import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildWarehouse } from '../build-warehouse.js';
import { readManifest } from '../manifest.js';
import { writeBarFiles } from '../simulation/write-bar-files.js';
import { OpenWarehouse } from '../testing/open-warehouse.js';
import { plantTrap, type Trap } from './plant-trap.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const F = 'bqx_ml_v3_features_v2';
const T = 'bqx_ml_v3_analytics_v2';
let root = '';

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-traps-'));
  await writeBarFiles({ kind: 'simulation', seed: 3n, bars: 3200 }, join(root, 'bars'), {
    pairs: ['eurusd'],
  });
  await buildWarehouse({
    bars: { kind: 'folder', path: join(root, 'bars') },
    out: join(root, 'sound'),
    universe: 'small',
    pairs: ['eurusd'],
  });
});

afterAll(() => rmSync(root, { recursive: true }));

const exists = (schema: string, table: string, column: string): string =>
  `SELECT count(*) FROM information_schema.columns
  WHERE table_schema = '${schema}' AND table_name = '${table}' AND column_name = '${column}'`;
const surplus = (table: string): string => `SELECT count(*) - count(DISTINCT interval_time) FROM ${table}`;

/** A query, its answer in a sound warehouse, and its answer after the trap. */
const CASES: readonly [Trap, string, bigint, bigint][] = [
  [{ kind: 'doubled-key', table: 'agg_eurusd' }, surplus(`${F}.agg_eurusd`), 0n, 320n],
  [{ kind: 'missing-key', table: 'agg_eurusd' }, exists(F, 'agg_eurusd', 'interval_time'), 1n, 0n],
  [
    { kind: 'null-key', table: 'mkt_flow' },
    `SELECT count(*) FROM ${F}.mkt_flow WHERE interval_time IS NULL`,
    0n,
    320n,
  ],
  [{ kind: 'missing-table', table: 'mkt_flow' }, exists(F, 'mkt_flow', 'interval_time'), 1n, 0n],
  [{ kind: 'empty-table', table: 'mkt_flow' }, `SELECT count(*) FROM ${F}.mkt_flow`, 3200n, 0n],
  [{ kind: 'missing-targets', pair: 'eurusd' }, exists(T, 'targets_eurusd', 'target_bqx45_h15'), 1n, 0n],
  [
    { kind: 'missing-horizon', pair: 'eurusd', horizon: 60 },
    exists(T, 'targets_eurusd', 'target_bqx45_h60'),
    1n,
    0n,
  ],
  [{ kind: 'doubled-targets', pair: 'eurusd' }, surplus(`${T}.targets_eurusd`), 0n, 320n],
  [
    { kind: 'shifted-targets', pair: 'eurusd' },
    `SELECT count(*) FROM (SELECT target_bqx45_h15 AS target, lead(bqx_45, 15) OVER (ORDER BY interval_time) AS truth
    FROM ${T}.targets_eurusd JOIN ${F}.base_bqx_eurusd USING (interval_time)) WHERE abs(target - truth) > 1e-9`,
    0n,
    3145n,
  ],
];

describe('plantTrap', () => {
  it.each(CASES)('%o', async (trap, sql, sound, trapped) => {
    const directory = join(root, trap.kind);
    cpSync(join(root, 'sound'), directory, { recursive: true });
    const ask = async (): Promise<unknown> => {
      const warehouse = await OpenWarehouse.open(directory);
      const rows = await warehouse.rows(sql);
      warehouse.close();
      return rows[0]![0];
    };
    expect(await ask()).toBe(sound);
    await plantTrap(directory, trap);
    expect(await ask()).toBe(trapped);
    expect(readManifest(directory)).toMatchObject({ traps: [trap.kind] });
    expect(readManifest(directory).inputsSha256).not.toBe(readManifest(join(root, 'sound')).inputsSha256);
  });

  it('names a table that is not there', async () => {
    const planting = plantTrap(join(root, 'sound'), { kind: 'doubled-key', table: 'agg_usdjpy' });
    await expect(planting).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(readManifest(join(root, 'sound')).traps).toBeUndefined();
  });
});
