import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_HORIZONS, targetColumn } from '@onescan/contract/horizon.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildWarehouse } from './build-warehouse.js';
import type { WarehouseManifest } from './manifest.js';
import { FEATURE_SCHEMA, TARGET_SCHEMA } from './schema.js';
import { type SimulatedBars, simulateBars } from './simulation/simulate-bars.js';
import type { SimulationSource } from './simulation/simulation-source.js';
import { writeBarFiles } from './simulation/write-bar-files.js';
import * as naive from './testing/naive-formulas.js';
import { OpenWarehouse } from './testing/open-warehouse.js';
import { WINDOWS } from './windows.js';

/** Generous, because a loaded machine builds slowly. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const TRIANGLE = ['eurusd', 'gbpusd', 'eurgbp'];
const SOURCE: SimulationSource = { kind: 'simulation', seed: 7n, bars: 3400 };
/** Bars after this row are changed in the second warehouse. */
const LAST_COMMON_ROW = 3200;

let folder = '';
let manifest: WarehouseManifest;
let warehouse: OpenWarehouse;
const bars = new Map<string, SimulatedBars>();

const build = (name: string): Promise<WarehouseManifest> =>
  buildWarehouse({
    bars: { kind: 'folder', path: join(folder, `bars-${name}`) },
    out: join(folder, name),
    universe: 'standard',
    pairs: ['eurusd'],
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-warehouse-'));
  for (const simulated of simulateBars(SOURCE)) bars.set(simulated.pair, simulated);
  await writeBarFiles(SOURCE, join(folder, 'bars-a'), { pairs: TRIANGLE });
  const end = bars.get('eurusd')!.minute[LAST_COMMON_ROW]!;
  await writeBarFiles(SOURCE, join(folder, 'bars-b'), {
    pairs: TRIANGLE,
    format: 'csv',
    change: ({ minute, open, high, low, close, volume }) => {
      for (const [t, time] of minute.entries()) {
        if (time <= end) continue;
        const factor = 1 + 0.02 * Math.sin(t);
        for (const column of [open, close]) column[t]! *= factor;
        high[t] = Math.max(open[t]!, close[t]!) * 1.001;
        low[t] = Math.min(open[t]!, close[t]!) * 0.999;
        volume[t]! *= 3;
      }
    },
  });
  manifest = await build('a');
  await build('b');
  warehouse = await OpenWarehouse.open(join(folder, 'a'));
});

afterAll(() => {
  warehouse.close();
  rmSync(folder, { recursive: true });
});

/** Rows that are compared with the naive formula: early, first full, and a few in between. */
const ROWS = [
  0, 44, 45, 46, 89, 90, 359, 360, 735, 1000, 1439, 1440, 2000, 2879, 2880, 2925, 2926, 3150, 3399,
];

/** Compares a column with the formula at ROWS: relative to the scale of the expected values, NaN where NaN. */
function expectColumn(actual: Float64Array, expected: (t: number) => number, tolerance = 1e-6): void {
  const wanted = ROWS.filter((t) => t < actual.length).map((t) => [t, expected(t)] as const);
  const scale = Math.max(...wanted.map(([, value]) => (Number.isNaN(value) ? 0 : Math.abs(value))));
  expect(scale).toBeGreaterThan(0);
  for (const [t, value] of wanted) {
    const error = Math.abs(actual[t]! - value);
    const agrees = Number.isNaN(value) ? Number.isNaN(actual[t]!) : error <= tolerance * scale;
    if (!agrees) expect.fail(`row ${t}: ${actual[t]} instead of ${value}`);
  }
}

/** NaN unless the line has a full window at t. */
const full = (t: number, rows: number, value: () => number): number => (t + 1 < rows ? Number.NaN : value());

const close = (): Float64Array => bars.get('eurusd')!.close;

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
    expectColumn(future!, (t) => naive.bqx(close(), t + 45, 45), 1e-12);
    const keyless = await warehouse.rows(
      `SELECT column_name FROM information_schema.columns WHERE table_name = 'mkt_regime_summary'`,
    );
    expect(keyless.flat()).not.toContain('interval_time');
    const [facts] = await warehouse.rows(`SELECT
      (SELECT min(interval_time) FROM ${FEATURE_SCHEMA}.align_eurusd) > min(a.interval_time),
      count(spy_return), count(DISTINCT agg_count_45), count(*) FILTER (agg_mean_90 IS DISTINCT FROM reg_mean_90)
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
    await warehouse.connection.run(`ATTACH '${join(folder, 'b', 'warehouse.duckdb')}' AS other (READ_ONLY)`);
    const [[end]] = (await warehouse.rows(
      `SELECT interval_time FROM ${FEATURE_SCHEMA}.base_idx_eurusd ORDER BY 1 LIMIT 1 OFFSET ${LAST_COMMON_ROW}`,
    )) as [[string]];
    const tables = (
      await warehouse.rows(`SELECT DISTINCT table_name FROM information_schema.columns
        WHERE table_catalog = 'warehouse' AND table_schema = '${FEATURE_SCHEMA}' AND column_name = 'interval_time' ORDER BY 1`)
    ).flat() as string[];
    expect(tables.length).toBeGreaterThan(70);
    for (const table of tables) {
      const star = table.startsWith('base_bqx_') ? "COLUMNS(c -> NOT starts_with(c, 'target_'))" : '*';
      const part = (catalog: string): string =>
        `SELECT ${star} FROM ${catalog}.${FEATURE_SCHEMA}.${table} WHERE interval_time <= '${end}'`;
      const digest = async (catalog: string): Promise<unknown[][]> =>
        await warehouse.rows(`SELECT count(*), bit_xor(hash(t)) FROM (${part(catalog)}) t`);
      const before = await digest('warehouse');
      expect(before[0]![0], table).toBeGreaterThan(100n);
      expect(await digest('other'), `${table} looks ahead`).toEqual(before);
    }
    // The test can fail: the trap columns do look ahead, and so do the targets.
    const [[leaked]] = (await warehouse.rows(`SELECT count(*) FROM ${FEATURE_SCHEMA}.base_bqx_eurusd a
      JOIN other.${FEATURE_SCHEMA}.base_bqx_eurusd b USING (interval_time)
      WHERE interval_time <= '${end}' AND a.target_45 <> b.target_45`)) as [[bigint]];
    expect(leaked).toBe(45n);
  });
});

describe('formulas', () => {
  it('bqx and all 49 targets', async () => {
    const columns = await warehouse.columns(
      'base_bqx_eurusd',
      WINDOWS.map((w) => `bqx_${w}`),
    );
    for (const [i, w] of WINDOWS.entries()) expectColumn(columns[i]!, (t) => naive.bqx(close(), t, w), 1e-12);
    for (const w of WINDOWS) {
      const names = DEFAULT_HORIZONS.map((h) => targetColumn(w, h));
      const targets = await warehouse.columns('targets_eurusd', names, TARGET_SCHEMA);
      for (const [i, h] of DEFAULT_HORIZONS.entries()) {
        expectColumn(targets[i]!, (t) => naive.bqx(close(), t + h, w), 1e-12);
      }
    }
  });

  it('prices indexed to 100 at the first bar, so the known part of a target follows from close_idx', async () => {
    const [idx] = await warehouse.columns('base_idx_eurusd', ['close_idx']);
    expectColumn(idx!, (t) => (100 * close()[t]!) / close()[0]!, 1e-12);
    expectColumn(
      idx!.map((_, t) => naive.bqx(idx!, t, 30)),
      (t) => naive.bqx(close(), t, 30),
      1e-9,
    );
  });

  it.each(WINDOWS)('agg over %i rows', async (w) => {
    const names = ['mean', 'std', 'min', 'max', 'range', 'sum', 'cv', 'position'].map(
      (stat) => `agg_${stat}_${w}`,
    );
    const [mean, std, min, max, range, sum, cv, position] = await warehouse.columns('agg_eurusd', names);
    const over = (stat: (values: number[]) => number) => (t: number) =>
      full(t, w, () => stat(naive.windowOf(close(), t, w)));
    const low = (v: number[]): number => Math.min(...v);
    const high = (v: number[]): number => Math.max(...v);
    expectColumn(mean!, over(naive.mean));
    expectColumn(std!, over(naive.deviation));
    expectColumn(min!, over(low));
    expectColumn(max!, over(high));
    expectColumn(
      range!,
      over((v) => high(v) - low(v)),
    );
    expectColumn(sum!, over(naive.sum));
    expectColumn(
      cv!,
      over((v) => naive.deviation(v) / naive.mean(v)),
    );
    expectColumn(
      position!,
      over((v) => (v.at(-1)! - low(v)) / (high(v) - low(v))),
    );
  });

  it.each([45, 360, 1440])('mom and vol over %i rows', async (w) => {
    const names = ['roc', 'diff', 'zscore', 'strength', 'pos_count'].map((stat) => `mom_${stat}_${w}`);
    const [roc, diff, zscore, strength, rises] = await warehouse.columns('mom_eurusd', names);
    const x = close();
    const moves = (t: number): number[] => naive.changes(x, t, w);
    expectColumn(roc!, (t) => naive.bqx(x, t, w));
    expectColumn(diff!, (t) => (t < w ? Number.NaN : x[t]! - x[t - w]!));
    expectColumn(zscore!, (t) =>
      full(
        t,
        w,
        () => (x[t]! - naive.mean(naive.windowOf(x, t, w))) / naive.deviation(naive.windowOf(x, t, w)),
      ),
    );
    expectColumn(strength!, (t) =>
      full(t, w + 1, () => (x[t]! - x[t - w]!) / naive.sum(moves(t).map(Math.abs))),
    );
    expectColumn(rises!, (t) => full(t, w + 1, () => moves(t).filter((d) => d > 0).length));
    if (w > 720) return;
    const [realized, atr] = await warehouse.columns('vol_eurusd', [`vol_realized_${w}`, `vol_atr_${w}`]);
    const { high, low } = bars.get('eurusd')!;
    const range = (i: number): number => Math.max(high[i]!, x[i - 1]!) - Math.min(low[i]!, x[i - 1]!);
    expectColumn(realized!, (t) => full(t, w + 1, () => Math.sqrt(naive.sum(moves(t).map((d) => d * d)))));
    expectColumn(atr!, (t) => full(t, w + 1, () => naive.mean(moves(t).map((_, i) => range(t - w + 1 + i)))));
  });

  it.each(WINDOWS)('reg over %i rows', async (w) => {
    const stats = [
      'slope',
      'quad_coef',
      'lin_coef',
      'const_term',
      'residual',
      'r2',
      'r2_line',
      'rmse',
      'forecast_5',
      'ci_upper',
    ];
    const columns = await warehouse.columns(
      'reg_eurusd',
      stats.map((stat) => `reg_${stat}_${w}`),
    );
    const of = (fit: (values: number[]) => number) => (t: number) =>
      full(t, w, () => fit(naive.windowOf(close(), t, w)));
    const squares = (values: number[]): number => naive.sum(values.map((v) => v * v));
    const sst = (v: number[]): number => squares(v.map((value) => value - naive.mean(v)));
    const quadratic = (v: number[]) => naive.fitPolynomial(v, 2);
    const rmse = (v: number[]): number => Math.sqrt(squares(quadratic(v).residuals) / w);
    const forecast = (v: number[]): number => {
      const { value, slope, curvature } = quadratic(v);
      return value + 5 * slope + 25 * curvature;
    };
    const formulas: ((values: number[]) => number)[] = [
      (v) => naive.fitPolynomial(v, 1).slope,
      (v) => quadratic(v).curvature,
      (v) => quadratic(v).slope,
      (v) => quadratic(v).value,
      (v) => v.at(-1)! - quadratic(v).value,
      (v) => 1 - squares(quadratic(v).residuals) / sst(v),
      (v) => 1 - squares(naive.fitPolynomial(v, 1).residuals) / sst(v),
      rmse,
      forecast,
      (v) => forecast(v) + 1.96 * rmse(v),
    ];
    for (const [i, formula] of formulas.entries()) expectColumn(columns[i]!, of(formula));
  });

  it('der, lag and the bqx variant, which starts 45 rows later', async () => {
    const x = close();
    const at = (t: number): number => x[t] ?? Number.NaN;
    const [v1, v2] = await warehouse.columns('der_eurusd', ['der_v1_90', 'der_v2_90']);
    expectColumn(v1!, (t) => (at(t) - at(t - 90)) / 90);
    expectColumn(v2!, (t) => (at(t) - 2 * at(t - 90) + at(t - 180)) / 8100);
    const [lag] = await warehouse.columns('lag_eurusd', ['lag_change_15']);
    expectColumn(lag!, (t) => at(t) - at(t - 15));
    const line = x.map((_, t) => naive.bqx(x, t, 45)).subarray(45);
    const [mean] = await warehouse.columns('agg_bqx_eurusd', ['agg_mean_360']);
    expect(mean!.length).toBe(x.length - 45);
    expectColumn(mean!, (t) => full(t, 360, () => naive.mean(naive.windowOf(line, t, 360))));
  });

  it('cov and corr on the bars that both pairs have, NULL elsewhere', async () => {
    const [one, two] = ['eurusd', 'eurgbp'].map((pair) => bars.get(pair)!) as [SimulatedBars, SimulatedBars];
    const second = new Map(Array.from(two.minute, (minute, t) => [minute, two.close[t]!]));
    const shared = Array.from(one.minute).flatMap((minute, t) => (second.has(minute) ? [t] : []));
    expect(shared.length).toBeLessThan(one.minute.length);
    const a = Float64Array.from(shared, (t) => one.close[t]!);
    const b = Float64Array.from(shared, (t) => second.get(one.minute[t]!)!);
    const spread = a.map((value, i) => value - b[i]!);
    const table = await warehouse.columns('cov_agg_eurusd_eurgbp', [
      'spread',
      'ratio',
      'spread_zscore_90',
      'agreement_180',
    ]);
    const [corr] = await warehouse.columns('corr_roll_eurusd_eurgbp', ['corr_360']);
    const missing = Array.from(table[0]!.keys()).filter((t) => Number.isNaN(table[0]![t]!));
    expect(missing).toEqual(Array.from(one.minute.keys()).filter((t) => !second.has(one.minute[t]!)));
    const onShared = (column: Float64Array): Float64Array => Float64Array.from(shared, (t) => column[t]!);
    const [actual, ratio, zscore, agreement] = table.map(onShared);
    expectColumn(actual!, (t) => spread[t]!);
    expectColumn(ratio!, (t) => a[t]! / b[t]!);
    expectColumn(zscore!, (t) =>
      full(
        t,
        90,
        () =>
          (spread[t]! - naive.mean(naive.windowOf(spread, t, 90))) /
          naive.deviation(naive.windowOf(spread, t, 90)),
      ),
    );
    const together = (t: number): number => {
      const [first, other] = [naive.changes(a, t, 180), naive.changes(b, t, 180)];
      return naive.mean(first.map((d, i) => (d * other[i]! > 0 ? 1 : 0)));
    };
    expectColumn(agreement!, (t) => full(t, 181, () => together(t)));
    expectColumn(onShared(corr!), (t) =>
      full(t, 361, () => naive.correlation(naive.changes(a, t, 360), naive.changes(b, t, 360))),
    );
  });

  it('tri: the round trip in basis points, NULL where a pair has no bar', async () => {
    const [eurusd, gbpusd, eurgbp] = TRIANGLE.map((pair) => bars.get(pair)!) as [
      SimulatedBars,
      SimulatedBars,
      SimulatedBars,
    ];
    const cross = new Map(Array.from(eurgbp.minute, (minute, t) => [minute, eurgbp.close[t]!]));
    const error = Float64Array.from(
      eurusd.minute,
      (minute, t) =>
        1e4 * Math.log(((cross.get(minute) ?? Number.NaN) * gbpusd.close[t]!) / eurusd.close[t]!),
    );
    const [actual] = await warehouse.columns('tri_agg_eur_gbp_usd', ['error']);
    expect(actual!.length).toBe(error.length);
    expectColumn(
      actual!,
      (t) => (t < 45 || (t < 60 && Number.isNaN(actual![t]!)) ? Number.NaN : error[t]!),
      1e-5,
    );
    expect(
      await warehouse.rows(`SELECT DISTINCT pair1, pair2, pair3 FROM ${FEATURE_SCHEMA}.tri_agg_eur_gbp_usd`),
    ).toEqual([['eurgbp', 'gbpusd', 'eurusd']]);
  });

  it('csi: the mean signed return of a currency over its pairs', async () => {
    const { minute } = bars.get('eurusd')!;
    const byMinute = TRIANGLE.map((pair) => {
      const { minute: times, close: x } = bars.get(pair)!;
      return new Map(
        Array.from(times, (time, t) => [time, t === 0 ? Number.NaN : 100 * (x[t]! / x[t - 1]! - 1)]),
      );
    });
    const [eurusd, , eurgbp] = byMinute;
    const level = new Float64Array(minute.length);
    let total = 0;
    for (const [t, time] of minute.entries()) {
      const returns = [eurusd!.get(time), eurgbp!.get(time)].filter(
        (r) => r !== undefined && !Number.isNaN(r),
      ) as number[];
      total += returns.length > 0 ? naive.mean(returns) : 0;
      level[t] = total;
    }
    const [position] = await warehouse.columns('csi_agg_eur', ['agg_mean_45']);
    expectColumn(position!, (t) => full(t, 45, () => naive.mean(naive.windowOf(level, t, 45))), 1e-5);
  });
});

describe('buildWarehouse', () => {
  it('leaves no other file than the three and keeps a warehouse that is up to date', async () => {
    expect(readdirSync(join(folder, 'a')).sort()).toEqual([
      'warehouse-tables.json',
      'warehouse.duckdb',
      'warehouse.json',
    ]);
    const stages: string[] = [];
    const again = await buildWarehouse({
      bars: { kind: 'folder', path: join(folder, 'bars-a') },
      out: join(folder, 'a'),
      universe: 'standard',
      pairs: ['eurusd'],
      onProgress: ({ stage }) => stages.push(stage),
    });
    expect(again).toEqual(manifest);
    expect(stages).toEqual(['up to date']);
  });

  it('builds anew when the inputs differ, and the same tables when they do not', async () => {
    const out = join(folder, 'c');
    const options = { out, universe: 'small', pairs: ['eurgbp'] } as const;
    const from = (name: string) => ({ kind: 'folder', path: join(folder, name) }) as const;
    const first = await buildWarehouse({ ...options, bars: from('bars-a') });
    const digest = async (): Promise<unknown[][]> => {
      const opened = await OpenWarehouse.open(out);
      const tables = ['agg_eurgbp', 'reg_bqx_eurgbp', 'mkt_flow', 'csi_mom_idx_eur', 'tri_agg_eur_gbp_usd'];
      const rows = await opened.rows(
        tables
          .map((table) => `SELECT bit_xor(hash(t)) FROM ${FEATURE_SCHEMA}.${table} t`)
          .join(' UNION ALL '),
      );
      opened.close();
      return rows;
    };
    const before = await digest();
    const second = await buildWarehouse({ ...options, bars: from('bars-b') });
    expect(second.inputsSha256).not.toBe(first.inputsSha256);
    expect(await digest()).not.toEqual(before);
    const third = await buildWarehouse({ ...options, bars: from('bars-a'), threads: 1 });
    expect(third.inputsSha256).toBe(first.inputsSha256);
    expect(await digest()).toEqual(before);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const out = join(folder, 'cancelled');
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
    expect(readdirSync(folder)).not.toContain('cancelled');
  });

  it.each([
    [{ universe: 'huge' as 'small' }, 'universe: "huge"'],
    [{ pairs: ['eurxxx'] }, '"eurxxx" is not a known pair'],
    [{ pairs: [] }, 'the list is empty'],
    [{ bars: { kind: 'simulation', seed: 1n, bars: 100 } as const }, 'too short'],
    [{ bars: { kind: 'simulation', seed: 1n, bars: 4000, effect: -1 } as const }, 'effect: -1'],
  ])('refuses %o', async (change, message) => {
    const options = { bars: SOURCE, out: join(folder, 'refused'), universe: 'small' as const, ...change };
    await expect(buildWarehouse(options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });
});
