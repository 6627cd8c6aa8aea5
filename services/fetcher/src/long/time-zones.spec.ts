import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { TinyReading } from '../fixtures/read-tiny-warehouse.js';
import { buildTinyWarehouse, type KeyTypes } from '../fixtures/tiny-warehouse.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const TZ = 'TIMESTAMP WITH TIME ZONE';
const KINDS: readonly KeyTypes[] = [
  {},
  { features: TZ, closes: 'TIMESTAMP_MS' },
  { targets: TZ, closes: TZ, features: 'TIMESTAMP_NS' },
  { targets: 'TIMESTAMP_S', features: TZ },
];

let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'onescan-zones-'));
  for (const [i, keys] of KINDS.entries()) await buildTinyWarehouse(join(root, `w${i}`), { keys });
});
afterAll(() => rmSync(root, { recursive: true }));

/** Plans and fetches every kind of warehouse in a process of its own that is in a time zone and locale. */
async function readIn(zone: string, locale: string): Promise<TinyReading[][]> {
  const module = new URL('../../dist/fixtures/read-tiny-warehouse.js', import.meta.url).href;
  const code = `
    import { readTinyWarehouse } from '${module}';
    const [root, name, kinds] = process.argv.slice(2);
    const readings = [];
    for (let i = 0; i < Number(kinds); i++) {
      readings.push(await readTinyWarehouse(root + '/w' + i, root + '/' + name + i));
    }
    console.log(JSON.stringify(readings));`;
  // A file: the worker that writes a dataset would take over flags of the process.
  const name = zone.replace('/', '-');
  const script = join(root, `${name}.mjs`);
  writeFileSync(script, code);
  const env = { ...process.env, TZ: zone, LC_ALL: locale, LANG: locale };
  const args = [script, root, name, String(KINDS.length)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as TinyReading[][];
}

it('makes the same of every kind of key in whatever time zone a process is', async () => {
  const readings = await readIn('UTC', 'C');
  expect(await readIn('America/New_York', 'tr_TR.UTF-8')).toEqual(readings);
  const [[plainPeriod, plainDays]] = readings as [[TinyReading, TinyReading]];
  expect(plainPeriod.span[0]).toBeGreaterThanOrEqual(Date.UTC(2024, 2, 9, 3, 30));
  expect(plainPeriod.span[1]).toBeLessThan(Date.UTC(2024, 2, 11, 1));
  for (const [period, days] of readings as [TinyReading, TinyReading][]) {
    // The key's type is part of the identity, but the same instants are the same content.
    expect(period).toEqual({ ...plainPeriod, datasetId: period.datasetId });
    expect(days).toEqual({ ...plainDays, datasetId: days.datasetId });
  }
  expect(new Set(readings.flat().map(({ datasetId }) => datasetId)).size).toBe(2 * KINDS.length);
});
