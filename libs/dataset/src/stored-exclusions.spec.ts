import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDuckDb } from './duckdb/open-duckdb.js';
import { openDataset } from './open-dataset.js';
import { verifyDataset } from './verify-dataset.js';
import { writeArrayDataset } from './write-array-dataset.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const EXCLUSIONS: readonly ExclusionReason[] = [
  { code: 'point_in_time', facts: { type: 'TIMESTAMP' } },
  { code: 'keyless_table', facts: { key: 'interval_time' } },
];

let folder: string;
let path: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-exclusions-'));
  path = join(folder, 'd.duckdb');
  await writeArrayDataset(path, {
    datasetId: 'abc',
    pair: 'eurusd',
    targetWindow: 45,
    time: [0, 60_000, 120_000],
    bar: [0, 1, 2],
    persistence: [1, 2, 3],
    targets: new Map([[15, [3, 1, 2]]]),
    features: [{ featureId: 't.a', group: 'pair', values: [5, 6, 8] }],
    excluded: EXCLUSIONS.map((exclusion, i) => ({
      featureId: `t.x${i}`,
      group: 'pair',
      type: 'TIMESTAMP',
      exclusion,
    })),
  });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function change(sql: string): Promise<unknown[][]> {
  const instance = await openDuckDb(path);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

async function exclusions(): Promise<(ExclusionReason | undefined)[]> {
  const dataset = await openDataset(path);
  dataset.close();
  return dataset.columns.map(({ exclusion }) => exclusion);
}

it('keeps code and facts of exclusions, and the sentence for who looks with SQL', async () => {
  expect(await exclusions()).toEqual([undefined, ...EXCLUSIONS]);
  const select = 'SELECT exclusion_code, exclusion_facts, exclusion_reason FROM _columns ORDER BY ordinal';
  expect(await change(select)).toEqual([
    ['', '', ''],
    ['point_in_time', '{"type":"TIMESTAMP"}', expect.stringMatching(/./)],
    ['keyless_table', '{"key":"interval_time"}', expect.stringMatching(/./)],
  ]);
});

it('opens files from before there were codes, with the old sentence', async () => {
  await change("UPDATE _columns SET exclusion_reason = 'old words' WHERE NOT included");
  await change('ALTER TABLE _columns DROP COLUMN exclusion_code');
  await change('ALTER TABLE _columns DROP COLUMN exclusion_facts');
  const old = { code: 'unspecified', facts: { text: 'old words' } };
  expect(await exclusions()).toEqual([undefined, old, old]);
  expect(await verifyDataset(path)).toMatchObject({ ok: true });
});

it.each([
  ["exclusion_code = 'of_a_later_version'"],
  ["exclusion_code = 'constant', exclusion_facts = '{}'"],
  ['exclusion_facts = \'{"type":5}\''],
  ["exclusion_facts = 'no JSON'"],
])('takes the sentence where code and facts do not fit: %s', async (set) => {
  await change(`UPDATE _columns SET ${set}, exclusion_reason = 'words' WHERE feature_id = 't.x0'`);
  const [, first, second] = await exclusions();
  expect(first).toMatchObject({ code: 'unspecified' });
  expect(second).toEqual(EXCLUSIONS[1]);
});
