import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { describe, expect, it, vi } from 'vitest';
import { selectList } from '../column.js';
import { createSeriesTable } from '../series/series-table.js';
import { fitPolynomial, mean, sum } from '../testing/naive-formulas.js';
import { reg } from './reg.js';

vi.setConfig({ testTimeout: 60_000 });

const ROWS = 100_000;
const WINDOWS = [45, 2880];

/** A walk around 147 in steps of 0.02, and a stretch that stands still at its end. */
const STILL_FROM = ROWS - 100;
const LINE = `SELECT i AS interval_time, 147 + sum(CASE WHEN i < ${STILL_FROM} THEN 0.04 * ((hash(i) % 1000) / 1000.0 - 0.4995)
  ELSE 0 END) OVER (ORDER BY i) AS x, NULL::DOUBLE AS open, NULL::DOUBLE AS high, NULL::DOUBLE AS low, NULL::DOUBLE AS volume
  FROM range(${ROWS}) rows(i)`;

describe('reg far from the first row', () => {
  it('keeps its digits where sums of k^2 x would have lost them, and has no r2 of a standing line', async () => {
    const instance = await openDuckDb(':memory:');
    const connection = await instance.connect();
    await connection.run(
      createSeriesTable({ name: 'walk', sql: LINE }, { windows: WINDOWS, parts: ['extent', 'curve'] }),
    );
    const { columns, from } = reg(WINDOWS, ['slope', 'quad_coef', 'residual', 'r2', 'rmse']);
    const doubles = columns.map((column) => ({ ...column, type: 'DOUBLE' as const }));
    const read = await connection.runAndReadAll(`SELECT x, ${selectList(doubles)} FROM ${from} ORDER BY k`);
    const table = read.getColumns() as number[][];
    const names = ['x', ...columns.map(({ name }) => name)];
    const at = (name: string, t: number): number => table[names.indexOf(name)]![t]!;
    for (const w of WINDOWS) {
      for (const t of [ROWS / 2, STILL_FROM - 1]) {
        const values = table[0]!.slice(t - w + 1, t + 1);
        const fit = fitPolynomial(values, 2);
        const sst = sum(values.map((value) => (value - mean(values)) ** 2));
        const sse = sum(fit.residuals.map((residual) => residual ** 2));
        expect(at(`reg_slope_${w}`, t)).toBeCloseTo(fitPolynomial(values, 1).slope, 11);
        expect(at(`reg_quad_coef_${w}`, t) / fit.curvature).toBeCloseTo(1, 6);
        expect(at(`reg_residual_${w}`, t)).toBeCloseTo(fit.residuals.at(-1)!, 8);
        expect(at(`reg_r2_${w}`, t)).toBeCloseTo(1 - sse / sst, 8);
        expect(at(`reg_rmse_${w}`, t) / Math.sqrt(sse / w)).toBeCloseTo(1, 8);
      }
    }
    expect(at('reg_r2_45', ROWS - 1)).toBeNull();
    expect(at('reg_slope_45', ROWS - 1)).toBe(0);
    expect(at('reg_residual_45', ROWS - 1)).toBeCloseTo(0, 12);
    connection.closeSync();
    instance.closeSync();
  });
});
