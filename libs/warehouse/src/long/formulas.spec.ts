import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FEATURE_SCHEMA } from '../schema.js';
import type { SimulatedBars } from '../simulation/simulate-bars.js';
import { expectColumn, full } from '../testing/expect-column.js';
import { expectNoLookAhead } from '../testing/expect-no-look-ahead.js';
import { expectIndexedPrices, expectTargetFormulas } from '../testing/expect-target-formulas.js';
import * as naive from '../testing/naive-formulas.js';
import { OpenWarehouse } from '../testing/open-warehouse.js';
import { TRIANGLE, TriangleBars } from '../testing/triangle-bars.js';
import { WINDOWS } from '../windows.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let triangle: TriangleBars;
let warehouse: OpenWarehouse;
let bars: TriangleBars['bars'];

beforeAll(async () => {
  triangle = await TriangleBars.write();
  bars = triangle.bars;
  await triangle.build('a', 'a', 'standard');
  await triangle.build('b', 'b', 'standard');
  warehouse = await OpenWarehouse.open(join(triangle.folder, 'a'));
});

afterAll(() => {
  warehouse.close();
  triangle.remove();
});

const close = (): Float64Array => bars.get('eurusd')!.close;

it('changes no feature of the standard universe at or before a bar when only later bars change', async () => {
  await expectNoLookAhead(warehouse, join(triangle.folder, 'b', 'warehouse.duckdb'));
});

describe('formulas', () => {
  it('bqx and all 49 targets', () => expectTargetFormulas(warehouse, close()));

  it('prices indexed to 100 at the first bar, so the known part of a target follows from close_idx', () =>
    expectIndexedPrices(warehouse, close()));

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
