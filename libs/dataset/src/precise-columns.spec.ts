import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { OpenDataset } from './dataset.js';
import { openDuckDb } from './duckdb/open-duckdb.js';
import type { FeatureValues } from './feature-values.js';
import { openDataset } from './open-dataset.js';
import { verifyDataset } from './verify-dataset.js';
import { writeArrayDataset } from './write-array-dataset.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ROWS = 3000;
const wave = (row: number): number => Math.sin(row * 0.37) + Math.cos(row * 1.91) / 7;
/** Every third column is a double; more columns than a block has. */
const WIDE_EVERY = 3;
const KINDS: readonly ((row: number) => number)[] = [
  (row) => 1e9 + wave(row),
  (row) => 1e-50 * wave(row),
  (row) => -1e300 * wave(row),
  (row) => (row === 10 ? Number.POSITIVE_INFINITY : 1e40 * wave(row)),
  (row) => (row % 2 ? Number.MAX_VALUE : -Number.MAX_VALUE),
  (row) => 1.7e18 + 6e10 * row,
];
const FEATURES = 300;
const cellOf = (column: number, row: number): number =>
  column % WIDE_EVERY === 0
    ? KINDS[(column / WIDE_EVERY) % KINDS.length]!(row)
    : Math.fround(wave(row + column));

let folder: string;
let path: string;
let dataset: OpenDataset;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-precise-'));
  path = join(folder, 'eurusd.duckdb');
  await writeArrayDataset(path, {
    datasetId: 'abc',
    pair: 'eurusd',
    targetWindow: 45,
    time: Array.from({ length: ROWS }, (_, row) => row * 60_000),
    bar: Array.from({ length: ROWS }, (_, row) => row),
    persistence: Array.from({ length: ROWS }, (_, row) => row),
    targets: new Map([[15, Array.from({ length: ROWS }, (_, row) => Math.cos(row * 0.11))]]),
    features: Array.from({ length: FEATURES }, (_, column) => ({
      featureId: `t.c${column}`,
      group: 'pair',
      values: Float64Array.from({ length: ROWS }, (_, row) => cellOf(column, row)),
    })),
  });
  dataset = await openDataset(path);
});

afterAll(() => {
  dataset.close();
  rmSync(folder, { recursive: true, force: true });
});

it('columns of doubles and of float32 come back bit for bit, side by side', async () => {
  const types: string[] = [];
  await dataset.readFeatures((position, values: FeatureValues) => {
    types.push(values.constructor.name);
    const wanted = Array.from({ length: ROWS }, (_, row) => cellOf(position, row));
    expect(Array.from(values)).toEqual(wanted.map((value) => (Number.isFinite(value) ? value : Number.NaN)));
  });
  expect(types).toEqual(
    Array.from({ length: FEATURES }, (_, i) => (i % WIDE_EVERY === 0 ? 'Float64Array' : 'Float32Array')),
  );
  expect(dataset.included.map(({ stored }) => stored)).toEqual(
    types.map((type) => (type === 'Float64Array' ? 'DOUBLE' : 'FLOAT')),
  );
  expect(await verifyDataset(path)).toMatchObject({ ok: true, columnsChecked: FEATURES });
});

it('statistics are those of the values, whatever their size', () => {
  const [offset, tiny, huge, infinite, edge] = [0, 3, 6, 9, 12].map((at) => dataset.included[at]!);
  const waves = Array.from({ length: ROWS }, (_, row) => wave(row));
  const mean = waves.reduce((sum, value) => sum + value, 0) / ROWS;
  const deviation = Math.sqrt(waves.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ROWS);
  expect(offset!.mean - 1e9).toBeCloseTo(mean, 5);
  expect(offset!.deviation).toBeCloseTo(deviation, 5);
  expect(tiny!.deviation / 1e-50).toBeCloseTo(deviation, 9);
  expect(huge!.mean / 1e300).toBeCloseTo(-mean, 9);
  expect(huge!.deviation / 1e300).toBeCloseTo(deviation, 9);
  expect(infinite!.infinite).toBe(1);
  expect(infinite!.nullShare).toBeCloseTo(1 / ROWS, 9);
  expect(edge).toMatchObject({ min: -Number.MAX_VALUE, max: Number.MAX_VALUE });
  expect(edge!.deviation / Number.MAX_VALUE).toBeCloseTo(1, 9);
});

it('the view shows them in the units of the warehouse', async () => {
  const instance = await openDuckDb(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    'SELECT count(DISTINCT "t.c0"), max("t.c0") - 1e9, typeof(any_value("t.c3")), min("t.c6") FROM features',
  );
  const [count, most, type, least] = found.getRowsJS()[0]!;
  expect(Number(count)).toBe(ROWS);
  expect(Number(most)).toBeLessThan(1.2);
  expect(type).toBe('DOUBLE');
  expect(Number(least)).toBeLessThan(-1.1e300);
  connection.closeSync();
  instance.closeSync();
});

it.each([1e9, 0])(
  'a copy of the future is found behind an offset of %d and whatever scale',
  async (offset) => {
    const target = (row: number): number => Math.sin(row * 0.11) * Math.cos(row * 0.013) + wave(row * 3) / 5;
    for (const scale of [1, 1e-50, 1e300]) {
      if (offset > 0 && scale !== 1) continue;
      const copy = join(folder, `copy-${offset}-${scale}.duckdb`);
      await writeArrayDataset(copy, {
        datasetId: 'abc',
        pair: 'eurusd',
        targetWindow: 45,
        time: Array.from({ length: ROWS }, (_, row) => row * 60_000),
        bar: Array.from({ length: ROWS }, (_, row) => row),
        persistence: Array.from({ length: ROWS }, (_, row) => row),
        targets: new Map([[15, Float64Array.from({ length: ROWS }, (_, row) => target(row))]]),
        features: [
          {
            featureId: 't.leak',
            group: 'pair',
            values: Float64Array.from({ length: ROWS }, (_, row) => offset + scale * target(row)),
          },
        ],
      });
      const opened = await openDataset(copy);
      expect(opened.columns[0]).toMatchObject({ included: false, stored: '' });
      expect(opened.columns[0]!.exclusion?.code).toMatch(/target$/);
      opened.close();
    }
  },
);
