import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BarReading } from './bars/bar-reading.js';
import { buildWarehouse } from './build-warehouse.js';
import type { WarehouseManifest } from './manifest.js';
import { FEATURE_SCHEMA } from './schema.js';
import { writeBarFiles } from './simulation/write-bar-files.js';
import { OpenWarehouse } from './testing/open-warehouse.js';
import { errorOf } from './testing/read-bars.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let root = '';
let text = '';
/** Of the same bars, once as they stand and once as times of another zone. */
let plain: Built;
let athens: Built;
let heldByAthens: unknown[];

type Built = WarehouseManifest & { out: string };

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-from-files-'));
  await writeBarFiles({ kind: 'simulation', seed: 3n, bars: 3200 }, join(root, 'good'), {
    pairs: ['eurusd'],
    format: 'csv',
  });
  text = readFileSync(join(root, 'good', 'eurusd.csv'), 'utf8');
  plain = await build(join(root, 'good'));
  athens = await build(join(root, 'good'), { timeZone: 'Europe/Athens' });
  heldByAthens = await contents(athens.out);
});

afterAll(() => rmSync(root, { recursive: true }));

/** A folder of this name with these bars as eurusd.csv. */
function folderOf(name: string, content = text): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'eurusd.csv'), content);
  return folder;
}

let outs = 0;

async function build(
  folder: string,
  reading?: BarReading,
  out = join(root, `out-${++outs}`),
): Promise<Built> {
  const manifest = await buildWarehouse({
    bars: { kind: 'folder', path: folder, ...(reading === undefined ? {} : { reading }) },
    out,
    universe: 'small',
    pairs: ['eurusd'],
  });
  return { ...manifest, out };
}

/** What the base table of the pair holds: rows, first and last time, and a hash of all. */
async function contents(out: string): Promise<unknown[]> {
  const warehouse = await OpenWarehouse.open(out);
  const [row] = await warehouse.rows(
    `SELECT count(*), min(interval_time)::VARCHAR, max(interval_time)::VARCHAR, bit_xor(hash(t)) FROM ${FEATURE_SCHEMA}.base_idx_eurusd t`,
  );
  warehouse.close();
  return row!;
}

describe('a warehouse from files', () => {
  it('holds the same in a folder of any name', async () => {
    // What the other would mean as a pattern.
    folderOf('volume=7 what? bars1', text.replaceAll('2024', '2023'));
    const odd = folderOf('volume=7 what? bars[1]');
    expect(await contents((await build(odd)).out)).toEqual(await contents(plain.out));
  });

  it('is another one when the same bytes are read otherwise', async () => {
    const shifted = await build(join(root, 'good'), { timeZone: '+02:00' }, athens.out);
    const formatted = await build(join(root, 'good'), { timeFormat: '%Y-%m-%d %H:%M:%S' }, athens.out);
    expect(new Set([plain, shifted, formatted].map(({ inputsSha256 }) => inputsSha256)).size).toBe(3);
    expect(Date.parse(plain.firstTime) - Date.parse(shifted.firstTime)).toBe(7_200_000);
    expect(shifted.source).toMatchObject({ reading: { format: 'columns', timeZone: '+02:00' } });
  });

  it('is the same whatever time zone, locale or temporary folder the process has', async () => {
    const module = fileURLToPath(new URL('../dist/build-warehouse.js', import.meta.url));
    const script = `const { buildWarehouse } = await import(process.argv[1]);
      const { inputsSha256 } = await buildWarehouse({ bars: { kind: 'folder', path: process.argv[2], reading: { timeZone: 'Europe/Athens' } },
        out: process.argv[3], universe: 'small', pairs: ['eurusd'] });
      console.log(inputsSha256);`;
    const env = {
      TZ: 'Pacific/Apia',
      LC_ALL: 'de_DE.UTF-8',
      LANG: 'ar_EG.UTF-8',
      TMPDIR: join(root, 'nowhere'),
    };
    const out = join(root, 'process');
    const args = ['--input-type=module', '-e', script, module, join(root, 'good'), out];
    const said = execFileSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
    expect(said.trim()).toBe(athens.inputsSha256);
    expect(await contents(out)).toEqual(heldByAthens);
  });

  it('can be built at the bounds of prices and volumes', async () => {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line, i) => {
        if (i === 0) return line;
        const price = [1e-6, 1e-4, 1e-1, 10, 1e3, 1e6, 1e9, 1e7, 1e5, 1e2, 1, 1e-2, 1e-4][i % 13]!;
        return [line.split(',')[0], price, price, price, price, i % 3 === 0 ? 1e15 : 0].join(',');
      });
    expect((await build(folderOf('bounds', `${lines.join('\n')}\n`))).rows.eurusd).toBe(3200);
  });

  it.each([
    ['a volume too large', [1, 1, 1, 1, 1e16], 'has a volume above 1000000000000000 (bar 5 of 3200, line 6)'],
    [
      'a price too large',
      [1e300, 1e300, 1e300, 1e300, 1],
      'has a price that is not between 0.000001 and 1000000000 (bar 5',
    ],
    ['a price too small', [1e-300, 1e-300, 1e-300, 1e-300, 1], 'has a price that is not between'],
    ['a number that is infinite', ['1e999', 1, 1, 1, 1], 'has a price that is not a positive number (bar 5'],
    [
      'a decimal point lost',
      [10800, 10800, 10800, 10800, 1],
      'has a close more than 1000 times that of the bar before',
    ],
    ['a low above the open', [1, 2, 1.5, 1.6, 1], 'has a bar whose high is below'],
  ])('is refused before the build for %s', async (_what, values, message) => {
    const lines = text.split('\n');
    const changed = lines.with(5, [lines[5]!.split(',')[0], ...values].join(','));
    expect(await errorOf(() => build(folderOf('refused', changed.join('\n'))))).toContain(message);
  });

  it.each([['1969-12-31 23:59:59'], ['0001-01-01 00:00:00']])('is refused for a bar of %s', async (time) => {
    const lines = text.split('\n');
    const changed = lines.with(1, lines[1]!.replace(/^[^,]+/, time));
    expect(await errorOf(() => build(folderOf('refused', changed.join('\n'))))).toContain(
      'not between 1970 and tomorrow',
    );
  });

  it('is refused for a bar after tomorrow', async () => {
    const late = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
    const lines = text.trimEnd().split('\n');
    const changed = lines.with(-1, lines.at(-1)!.replace(/^[^,]+/, late));
    expect(await errorOf(() => build(folderOf('refused', changed.join('\n'))))).toContain(
      `tomorrow: ${late} (bar 3200 of 3200, line 3201)`,
    );
  });

  it('is refused for a folder where the file should be', async () => {
    const folder = join(root, 'odd');
    mkdirSync(join(folder, 'eurusd.csv'), { recursive: true });
    expect(await errorOf(() => build(folder))).toContain('eurusd.csv is not a file');
  });

  it.skipIf(!existsSync('/proc/self/mem'))('is refused for a file that cannot be read', async () => {
    const folder = join(root, 'unreadable');
    mkdirSync(folder);
    symlinkSync('/proc/self/mem', join(folder, 'eurusd.csv'));
    expect(await errorOf(() => build(folder))).toContain('eurusd.csv cannot be read: EIO');
  });

  it('is refused when a file is written to after its hash was taken', async () => {
    const folder = folderOf('growing');
    await writeBarFiles({ kind: 'simulation', seed: 3n, bars: 3200 }, folder, { pairs: ['gbpusd'] });
    const building = buildWarehouse({
      bars: { kind: 'folder', path: folder },
      out: join(root, 'growing-out'),
      universe: 'small',
      pairs: ['eurusd'],
      // The first pair is done, the second not yet begun.
      onProgress: ({ done }) => {
        if (done === 1) utimesSync(join(folder, 'gbpusd.parquet'), 1, 1);
      },
    });
    expect(await errorOf(() => building)).toContain('gbpusd.parquet was written to while it was read');
  });

  it('stops in the middle of a file when it is cancelled', async () => {
    const folder = folderOf('cancelled');
    writeFileSync(join(folder, 'gbpusd.csv'), 'not read any more');
    const controller = new AbortController();
    const building = buildWarehouse({
      bars: { kind: 'folder', path: folder },
      out: join(root, 'cancelled-out'),
      universe: 'small',
      pairs: ['eurusd'],
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(building).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(join(root, 'cancelled-out'))).toBe(false);
  });
});
