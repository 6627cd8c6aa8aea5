import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FEATURE_SCHEMA } from './schema.js';
import type { SimulatedBars } from './simulation/simulate-bars.js';
import { expectColumn, full } from './testing/expect-column.js';
import { expectIndexedPrices, expectTargetFormulas } from './testing/expect-target-formulas.js';
import * as naive from './testing/naive-formulas.js';
import { OpenWarehouse } from './testing/open-warehouse.js';
import { TRIANGLE, TriangleBars } from './testing/triangle-bars.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let triangle: TriangleBars;
let warehouse: OpenWarehouse;
let bars: TriangleBars['bars'];

beforeAll(async () => {
  triangle = await TriangleBars.write();
  bars = triangle.bars;
  await triangle.build('a', 'a', 'small');
  warehouse = await OpenWarehouse.open(join(triangle.folder, 'a'));
});

afterAll(() => {
  warehouse.close();
  triangle.remove();
});

const close = (): Float64Array => bars.get('eurusd')!.close;

describe('formulas of the small universe; src/long has all of the standard one', () => {
  it('bqx and all 49 targets', () => expectTargetFormulas(warehouse, close()));

  it('prices indexed to 100 at the first bar, so the known part of a target follows from close_idx', () =>
    expectIndexedPrices(warehouse, close()));

  it.each([45, 360])('agg, mom, vol and reg over %i rows', async (w) => {
    const x = close();
    const over = (stat: (values: number[]) => number) => (t: number) =>
      full(t, w, () => stat(naive.windowOf(x, t, w)));
    const [mean, std, position] = await warehouse.columns('agg_eurusd', [
      ...['mean', 'std', 'position'].map((stat) => `agg_${stat}_${w}`),
    ]);
    expectColumn(mean!, over(naive.mean));
    expectColumn(std!, over(naive.deviation));
    expectColumn(
      position!,
      over((v) => (v.at(-1)! - Math.min(...v)) / (Math.max(...v) - Math.min(...v))),
    );
    const [roc, zscore] = await warehouse.columns('mom_eurusd', [`mom_roc_${w}`, `mom_zscore_${w}`]);
    expectColumn(roc!, (t) => naive.bqx(x, t, w));
    expectColumn(
      zscore!,
      over((v) => (v.at(-1)! - naive.mean(v)) / naive.deviation(v)),
    );
    const [realized] = await warehouse.columns('vol_eurusd', [`vol_realized_${w}`]);
    const squares = (t: number): number => naive.sum(naive.changes(x, t, w).map((d) => d * d));
    expectColumn(realized!, (t) => full(t, w + 1, () => Math.sqrt(squares(t))));
    const [slope, curvature] = await warehouse.columns('reg_eurusd', [
      `reg_slope_${w}`,
      `reg_quad_coef_${w}`,
    ]);
    expectColumn(
      slope!,
      over((v) => naive.fitPolynomial(v, 1).slope),
    );
    expectColumn(
      curvature!,
      over((v) => naive.fitPolynomial(v, 2).curvature),
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
});
