import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildWarehouse } from '../build-warehouse.js';
import { FEATURE_SCHEMA as F, TARGET_SCHEMA as T } from '../schema.js';
import { OpenWarehouse } from '../testing/open-warehouse.js';
import { findRealBars } from '../testing/real-bars.js';

const REAL = findRealBars('m15');
if (REAL === undefined)
  console.warn('real bars: no shared/data/fx beside the checkout, so this test is skipped');

describe.skipIf(REAL === undefined)('a warehouse from real bars', () => {
  it('holds sensible numbers: bqx, targets, triangles and quiet rows', async () => {
    const root = mkdtempSync(join(tmpdir(), 'onescan-real-'));
    mkdirSync(join(root, 'bars'));
    for (const pair of ['eurusd', 'gbpusd', 'eurgbp'])
      cpSync(join(REAL!, `${pair}.parquet`), join(root, 'bars', `${pair}.parquet`));
    const manifest = await buildWarehouse({
      bars: { kind: 'folder', path: join(root, 'bars') },
      out: join(root, 'out'),
      universe: 'small',
      pairs: ['eurusd'],
    });
    expect(manifest.rows.eurusd).toBeGreaterThan(18_000);
    const warehouse = await OpenWarehouse.open(join(root, 'out'));
    const [bqx] = await warehouse.rows(`SELECT abs(avg(bqx_45)), stddev(bqx_45) FROM ${F}.base_bqx_eurusd`);
    // Forty-five quarters of an hour of EURUSD in 2025: a fraction of a per cent, centred.
    expect(bqx![0]).toBeLessThan(0.1);
    expect(bqx![1]).toBeGreaterThan(0.1);
    expect(bqx![1]).toBeLessThan(1);
    const [wrong] =
      await warehouse.rows(`SELECT count(*) FILTER (target_bqx45_h60 IS DISTINCT FROM truth), count(truth)
      FROM (SELECT target_bqx45_h60, lead(bqx_45, 60) OVER (ORDER BY interval_time) AS truth
      FROM ${T}.targets_eurusd JOIN ${F}.base_bqx_eurusd USING (interval_time))`);
    expect(wrong).toEqual([0n, BigInt(manifest.rows.eurusd! - 60)]);
    const [error] = await warehouse.rows(`SELECT median(abs(error)) FROM ${F}.tri_agg_eur_gbp_usd`);
    // The data's own README measures a median of 0.1 to 1.9 basis points.
    expect(error![0]).toBeGreaterThan(0.05);
    expect(error![0]).toBeLessThan(2);
    const [fit] = await warehouse.rows(
      `SELECT min(reg_r2_45), max(reg_r2_45), count(reg_r2_45) FROM ${F}.reg_eurusd`,
    );
    expect(fit![0]).toBeGreaterThanOrEqual(0);
    expect(fit![1]).toBeLessThanOrEqual(1);
    expect(fit![2]).toBe(BigInt(manifest.rows.eurusd! - 44));
    warehouse.close();
    rmSync(root, { recursive: true });
  });
});
