import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDuckDb } from './duckdb/open-duckdb.js';
import { openDataset } from './open-dataset.js';
import { verifyDataset } from './verify-dataset.js';
import { type ArrayDataset, writeArrayDataset } from './write-array-dataset.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // generous: the machine may be busy

const ROWS = 3000;
const FEATURES = 260; // more than a block
const START_MS = Date.UTC(2020, 0, 1);
const MINUTE_MS = 60_000;
const TIME = { code: 'point_in_time', facts: { type: 'TIMESTAMP' } } as const;

let folder: string;
let published: Buffer;
let path: string;

const feature = (column: number, row: number): number =>
  column === 7 && row % 3 === 0 ? Number.NaN : Math.sin(row * 0.37 + column) * (column + 1);
const target = (row: number): number => (row < ROWS - 15 ? Math.cos(row * 0.11) : Number.NaN);

function arrays(): ArrayDataset {
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  return {
    datasetId: 'abc',
    pair: 'eurusd',
    targetWindow: 45,
    time: rows.map((row) => START_MS + row * 3 * MINUTE_MS),
    bar: rows.map((row) => row * 3),
    persistence: rows.map((row) => row / 7),
    targets: new Map([
      [60, rows.map((row) => -row)],
      [15, rows.map(target)],
    ]),
    knownParts: new Map([[15, rows.map((row) => row / 100)]]),
    features: Array.from({ length: FEATURES }, (_, column) => ({
      featureId: `t${column >> 4}.c${column}`,
      group: 'pair',
      values: rows.map((row) => feature(column, row)),
    })),
    excluded: [{ featureId: 't.when', group: 'pair', type: 'TIMESTAMP', exclusion: TIME }],
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-dataset-'));
  path = join(folder, 'x.duckdb');
  await writeArrayDataset(path, arrays());
  published = readFileSync(path);
});
beforeEach(() => writeFileSync(path, published));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a dataset file', () => {
  it('gives back what was written, bit for bit as float32', async () => {
    const dataset = await openDataset(path, { expectedId: 'abc' });
    expect(dataset.meta).toMatchObject({
      pair: 'eurusd',
      rows: ROWS,
      horizons: [15, 60],
      overlapHorizons: [15],
      from: '2020-01-01T00:00:00.000Z',
      status: 'complete',
    });
    const { time, bar } = await dataset.readKeys();
    expect([time[2], bar[2]]).toEqual([START_MS + 6 * MINUTE_MS, 6]);
    expect(Array.from(await dataset.readTarget(15))).toEqual(
      Array.from({ length: ROWS }, (_, r) => target(r)),
    );
    expect((await dataset.readPersistence())[14]).toBe(2);
    expect((await dataset.readKnownPart(15))![50]).toBe(0.5);
    expect(await dataset.readKnownPart(60)).toBeNull();
    const positions: number[] = [];
    await dataset.readFeatures((position, values) => {
      positions.push(position);
      expect(values.length).toBe(ROWS);
      const wanted = Float32Array.from({ length: ROWS }, (_, row) => feature(position, row));
      expect(Buffer.compare(bytesOf(values), bytesOf(wanted))).toBe(0);
    });
    expect(positions).toEqual(Array.from({ length: FEATURES }, (_, i) => i));
    dataset.close();
  });

  it('describes every column of the universe, included or not', async () => {
    const dataset = await openDataset(path);
    expect(dataset.columns.length).toBe(FEATURES + 1);
    expect(dataset.included.length).toBe(FEATURES);
    expect(dataset.columns.at(-1)).toMatchObject({
      featureId: 't.when',
      included: false,
      exclusionStage: 'plan',
      exclusion: TIME,
    });
    const gaps = dataset.columns[7]!;
    expect(gaps.nullShare).toBeCloseTo(1 / 3, 12);
    const values = Array.from({ length: ROWS }, (_, row) => Math.fround(feature(7, row))).filter(
      (value) => !Number.isNaN(value),
    );
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(gaps.mean).toBeCloseTo(mean, 10);
    expect(gaps.deviation).toBeCloseTo(Math.sqrt(variance), 10);
    expect(gaps.max).toBe(Math.max(...values));
    dataset.close();
  });

  it('has the same content hash every time, and another when one value changes', async () => {
    const hashOf = async (name: string, change?: (data: ArrayDataset) => void): Promise<string> => {
      const data = arrays();
      change?.(data);
      await writeArrayDataset(join(folder, name), data);
      const dataset = await openDataset(join(folder, name));
      dataset.close();
      return dataset.meta.contentSha256;
    };
    const first = await hashOf('a.duckdb');
    expect(await hashOf('b.duckdb')).toBe(first);
    const changed = await hashOf('c.duckdb', (data) => {
      (data.features[200]!.values as number[])[1234] = 5;
    });
    expect(changed).not.toBe(first);
  });

  it('shows all columns by feature id to ad-hoc SQL', async () => {
    const instance = await openDuckDb(path, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const result = await connection.runAndReadAll(
      `SELECT bar, target_h15, "t0.c1", "t16.c259" FROM features WHERE bar = 30`,
    );
    const row = 10;
    expect(result.getRows()).toEqual([
      [30, target(row), Math.fround(feature(1, row)), Math.fround(feature(259, row))],
    ]);
    connection.closeSync();
    instance.closeSync();
  });

  it('stores feature values as they are, with little slack', async () => {
    const instance = await openDuckDb(path, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const result = await connection.runAndReadAll(
      `SELECT DISTINCT compression FROM pragma_storage_info('block_000') WHERE segment_type = 'FLOAT'`,
    );
    expect(result.getRows()).toEqual([['Uncompressed']]);
    connection.closeSync();
    instance.closeSync();
    const values = ROWS * FEATURES * Float32Array.BYTES_PER_ELEMENT;
    expect(published.length).toBeGreaterThan(values);
    expect(published.length).toBeLessThan(1.35 * values);
  });

  it('can be read by two callers at once and be aborted', async () => {
    const dataset = await openDataset(path);
    let seen = 0;
    const all = dataset.readFeatures(() => {
      seen++;
    });
    const keys = dataset.readKeys();
    const abort = new AbortController();
    const aborted = dataset.readFeatures(() => abort.abort(), abort.signal);
    await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED' });
    await Promise.all([all, keys]);
    expect(seen).toBe(FEATURES);
    dataset.close();
    await expect(dataset.readKeys()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});

describe('a damaged dataset file', () => {
  it('is refused when it is cut off, naming the file and the remedy', async () => {
    truncateSync(path, statSync(path).size - 300_000);
    await expect(openDataset(path)).rejects.toMatchObject({
      code: 'DATA_LOSS',
      message: expect.stringContaining(path),
      remedy: expect.stringContaining('cache evict'),
    });
    writeFileSync(path, 'not a database');
    await expect(openDataset(path)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('fails verification wherever a bit of its values flips', async () => {
    expect(await verifyDataset(path)).toEqual({ ok: true, problems: [], columnsChecked: FEATURES });
    let found = 0;
    const offsets = [0.3, 0.5, 0.7].map((share) => Math.floor(published.length * share));
    for (const offset of offsets) {
      const flipped = Buffer.from(published);
      flipped[offset]! ^= 1;
      writeFileSync(path, flipped);
      const verdict = await verifyDataset(path);
      if (!verdict.ok) found++;
      expect(verdict.problems.join()).toContain(path);
    }
    expect(found).toBe(offsets.length);
  });

  it('is another dataset when the id differs', async () => {
    await expect(openDataset(path, { expectedId: 'other' })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('abc'),
    });
    await expect(openDataset(join(folder, 'none.duckdb'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

function bytesOf(values: Float32Array | Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
