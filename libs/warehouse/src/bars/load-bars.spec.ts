import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildWarehouse } from '../build-warehouse.js';
import { writeBarFiles } from '../simulation/write-bar-files.js';
import { findBars, loadBars } from './load-bars.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const PAIRS = ['eurusd', 'gbpusd', 'eurgbp'];
let root = '';
let folder = '';
let lines: string[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-bars-'));
  await writeBarFiles({ kind: 'simulation', seed: 3n, bars: 3200 }, join(root, 'good'), {
    pairs: PAIRS,
    format: 'csv',
  });
  lines = readFileSync(join(root, 'good', 'eurusd.csv'), 'utf8')
    .trimEnd()
    .split('\n');
});

afterAll(() => rmSync(root, { recursive: true }));

beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});

/** Loads a folder with one file, eurusd.csv, of these lines, and gives the error. */
async function errorOf(content: readonly string[], name = 'eurusd.csv'): Promise<OnescanError> {
  writeFileSync(join(folder, name), `${content.join('\n')}\n`);
  const instance = await openDuckDb(':memory:');
  const connection = await instance.connect();
  try {
    await loadBars(connection, findBars({ kind: 'folder', path: folder }, ['eurusd']), () => {});
  } catch (thrown) {
    return OnescanError.from(thrown);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  throw new Error('no error');
}

/** The good file with one field of one bar replaced; bars count from 1, the header is line 0. */
function withField(bar: number, field: number, value: string): string[] {
  const changed = lines[bar]!.split(',');
  changed[field] = value;
  return lines.with(bar, changed.join(','));
}

const swapped = (a: number, b: number): string[] => lines.with(a, lines[b]!).with(b, lines[a]!);

describe('bad bars', () => {
  it.each([
    [
      'a missing column',
      () => lines.map((line) => line.split(',').slice(0, 5).join(',')),
      'has no column volume',
      'It needs the columns',
    ],
    [
      'unsorted times',
      () => swapped(100, 200),
      'is not sorted by time (bar 101 of 3200, line 102)',
      'Sort the bars',
    ],
    [
      'a doubled time',
      () => lines.toSpliced(501, 0, lines[500]!),
      'has the same time twice (bar 501 of 3201, line 502)',
      'Keep one bar',
    ],
    [
      'a negative price',
      () => withField(7, 4, '-1.1'),
      'price that is not a positive number (bar 7',
      'above zero',
    ],
    [
      'an infinite price',
      () => withField(8, 1, 'inf'),
      'line 9 has an open that is not a number: "inf"',
      'finite',
    ],
    ['an empty price', () => withField(9, 2, ''), 'line 10 has an empty high', 'Leave bars'],
    ['a negative volume', () => withField(10, 5, '-3'), 'volume that is empty, negative', 'Write 0'],
    [
      'a high below the close',
      () => withField(11, 2, '0.0001'),
      'whose high is below',
      'order of the columns',
    ],
    [
      'words among numbers',
      () => withField(12, 4, 'n/a'),
      'line 13 has a close that is not a number: "n/a"',
      'decimal point',
    ],
    [
      'times that are numbers',
      () => lines.map((line, i) => (i === 0 ? line : [i, ...line.split(',').slice(1)].join(','))),
      'line 2: time is not one that can be read: "1"',
      '2020-01-31 23:55:00',
    ],
    ['too few bars', () => lines.slice(0, 100), 'has 99 bars', 'At least 2986'],
  ])('names the file, the fault and the remedy: %s', async (_name, content, message, remedy) => {
    const error = await errorOf(content());
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).toContain(join(folder, 'eurusd.csv'));
    expect(error.message).toContain(message);
    expect(error.remedy).toContain(remedy);
  });

  it('names a Parquet file that is none', async () => {
    const error = await errorOf(['not parquet'], 'eurusd.parquet');
    expect(error.message).toContain(`${join(folder, 'eurusd.parquet')} cannot be read`);
  });

  it('refuses two files of a pair', async () => {
    writeFileSync(join(folder, 'eurusd.parquet'), '');
    expect((await errorOf(lines)).message).toContain('eurusd has two files');
  });

  it('names the pair without a file, and the folder that is none', () => {
    expect(() => findBars({ kind: 'folder', path: join(root, 'good') }, [...PAIRS, 'usdjpy'])).toThrow(
      /has no file of usdjpy/,
    );
    expect(() => findBars({ kind: 'folder', path: join(root, 'nowhere') }, [])).toThrow(/there is no folder/);
  });

  it('leaves nothing half-written when the build fails', async () => {
    writeFileSync(join(folder, 'eurusd.csv'), `${withField(7, 4, '0').join('\n')}\n`);
    const out = join(folder, 'out');
    const building = buildWarehouse({
      bars: { kind: 'folder', path: folder },
      out,
      universe: 'small',
      pairs: ['eurusd'],
    });
    await expect(building).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(existsSync(out)).toBe(false);
  });
});

describe('good bars', () => {
  it('reads a volume whose first decimal comes late in a CSV', async () => {
    const many = Array.from({ length: 25_000 }, (_, i) => {
      const time = new Date(Date.UTC(2024, 0, 1) + i * 60_000).toISOString().slice(0, 19).replace('T', ' ');
      return `${time},1.1,1.2,1.0,1.1,${i === 24_000 ? '7.5' : '7'}`;
    });
    writeFileSync(join(folder, 'eurusd.csv'), `${[lines[0], ...many].join('\n')}\n`);
    const instance = await openDuckDb(':memory:');
    const connection = await instance.connect();
    await loadBars(connection, findBars({ kind: 'folder', path: folder }, ['eurusd']), () => {});
    const reader = await connection.runAndReadAll('SELECT max(volume) FROM bars_eurusd');
    expect(reader.getRows()).toEqual([[7.5]]);
    connection.closeSync();
    instance.closeSync();
  });

  it('reads the same bars from CSV and Parquet, and times with a zone as UTC', async () => {
    const parquet = join(folder, 'parquet');
    const zoned = join(folder, 'zoned');
    await writeBarFiles({ kind: 'simulation', seed: 3n, bars: 3200 }, parquet, { pairs: ['eurusd'] });
    mkdirSync(zoned);
    const shifted = lines.map((line, i) =>
      i === 0 ? line.toUpperCase() : line.replace(/^([^,]*),/, '$1+00:00,'),
    );
    writeFileSync(join(zoned, 'eurusd.csv'), `${shifted.join('\n')}\n`);
    const digests: unknown[] = [];
    for (const path of [join(root, 'good'), parquet, zoned]) {
      const instance = await openDuckDb(':memory:');
      const connection = await instance.connect();
      const rows = await loadBars(connection, findBars({ kind: 'folder', path }, ['eurusd']), () => {});
      expect(rows.eurusd).toBe(3200);
      const reader = await connection.runAndReadAll(
        'SELECT bit_xor(hash(k, interval_time, round(close, 12), volume)), min(interval_time)::VARCHAR FROM bars_eurusd',
      );
      digests.push(reader.getRows()[0]);
      connection.closeSync();
      instance.closeSync();
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });
});
