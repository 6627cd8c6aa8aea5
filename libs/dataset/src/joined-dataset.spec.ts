import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildDatasetFile } from './build-dataset-file.js';
import { SHARED_PAIR } from './dataset.js';
import type { CandidateColumn, DatasetContent } from './dataset-content.js';
import { DatasetSpool } from './dataset-spool.js';
import type { FeatureValues } from './feature-values.js';
import { openDataset, sharedDatasetPath } from './open-dataset.js';
import { verifyDataset } from './verify-dataset.js';

const KEYS = 300;
const MINUTE = 60_000_000;

/** Value of a column at a key. */
const value = (column: number, key: number): number =>
  (key + column) % 13 === 0 ? Number.NaN : column * 1000 + key;
const text = (key: number): string | undefined =>
  key % 7 === 0 ? undefined : key < 200 ? ['mid', 'low'][key % 2] : 'high';
const target = (key: number): number => Math.sin(key);

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-joined-'));
  await write('shared', range(0, KEYS), ['shared']);
});
afterAll(() => rmSync(folder, { recursive: true }));

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

type Part = 'own' | 'shared';

/** The universe: own and shared columns by turns, one shared text, one shared column that repeats the target. */
function universe(): (CandidateColumn & { part: Part })[] {
  const number = (id: string, part: Part) => ({
    featureId: id,
    group: part === 'own' ? 'pair' : 'csi',
    type: 'DOUBLE',
    encoding: 'number' as const,
    part,
  });
  return [
    number('a.own0', 'own'),
    number('b.shared0', 'shared'),
    { ...number('b.text', 'shared'), type: 'VARCHAR', encoding: 'ordinal' },
    number('c.own1', 'own'),
    number('d.leak', 'shared'),
    number('d.shared1', 'shared'),
    number('d.far', 'shared'),
    number('d.later_far', 'shared'),
    { ...number('d.time', 'shared'), exclusion: { code: 'point_in_time', facts: { type: 'TIMESTAMP' } } },
  ];
}

/** Texts in the order of their arrival, as a fetch gives them codes. */
function textsOf(keys: readonly number[]): string[] {
  return [...new Set(keys.map(text).filter((each) => each !== undefined))];
}

function valuesOf(id: string, keys: readonly number[]): number[] {
  const texts = textsOf(keys);
  const code = (each: string | undefined): number => (each === undefined ? Number.NaN : texts.indexOf(each));
  if (id === 'b.text') return keys.map((key) => code(text(key)));
  if (id === 'd.leak') return keys.map(target);
  if (id === 'd.far') return keys.map((key) => 1e9 + key / 7);
  // Float32 does for the first keys, not for all.
  if (id === 'd.later_far') return keys.map((key) => (key < 200 ? 0 : 1e9) + key / 7);
  return keys.map((key) => value(id.charCodeAt(0) + id.length, key));
}

/** Writes the file of a name with the columns of some parts; `refers`: the others are in the shared dataset. */
async function write(name: string, keys: readonly number[], parts: Part[], refers = false): Promise<string> {
  const isShared = name === 'shared';
  const path = isShared ? sharedDatasetPath(join(folder, 'x'), 'shared-id') : join(folder, `${name}.duckdb`);
  const spool = new DatasetSpool(`${path}.spool-1`);
  const rows = Int32Array.from(keys.keys());
  const columns = universe().filter(({ part }) => refers || parts.includes(part));
  const held = columns.filter(({ part, exclusion }) => parts.includes(part) && !exclusion);
  spool.append(0, rows, Float64Array.from(held.flatMap(({ featureId }) => valuesOf(featureId, keys))));
  const content: DatasetContent = {
    datasetId: `${name}-id`,
    pair: isShared ? SHARED_PAIR : 'eurusd',
    targetWindow: isShared ? 0 : 45,
    identity: '{}',
    sql: '',
    jobId: '',
    bytesBilled: 0n,
    usd: 0,
    createdAt: '',
    keys: BigInt64Array.from(keys, (key) => BigInt(key * MINUTE)),
    bar: isShared ? new Int32Array() : Int32Array.from(keys),
    persistence: isShared ? new Float64Array() : Float64Array.from(keys),
    targets: isShared ? [] : [{ horizon: 15, values: Float64Array.from(keys, target) }],
    knownParts: [],
    columns: columns.map(({ part, ...column }) => {
      const place = held.findIndex(({ featureId }) => featureId === column.featureId);
      if (part === 'shared' && refers) return { ...column, isShared: !column.exclusion };
      if (place < 0) return column;
      const spooled = { ...column, spool: { table: 0, column: place } };
      return column.encoding === 'ordinal' ? { ...spooled, texts: textsOf(keys) } : spooled;
    }),
    ...(refers ? { sharedPath: sharedDatasetPath(path, 'shared-id') } : {}),
    spool: spool.index(),
  };
  try {
    await buildDatasetFile(path, content, {});
  } finally {
    spool.dispose();
  }
  return path;
}

async function contentOf(path: string) {
  const dataset = await openDataset(path);
  const values: FeatureValues[] = [];
  await dataset.readFeatures((position, column) => {
    expect(position).toBe(values.length);
    values.push(column.slice());
  });
  dataset.close();
  const columns = dataset.columns.map(({ sharedPosition: _, ...column }) => column);
  return { values, columns, contentSha256: dataset.meta.contentSha256, rows: dataset.meta.rows };
}

it.each([
  ['the same keys', range(0, KEYS), ['high', 'low', 'mid']],
  ['a part of the keys, with fewer texts', range(20, 190).filter((key) => key % 3 !== 0), ['low', 'mid']],
])('a dataset that refers to a shared one is read as if it held all columns: %s', async (_, keys, texts) => {
  const whole = await contentOf(await write(`whole-${keys.length}`, keys, ['own', 'shared']));
  const path = await write(`joined-${keys.length}`, keys, ['own'], true);
  expect(await contentOf(path)).toEqual(whole);
  expect(whole.columns.find(({ featureId }) => featureId === 'd.leak')!.exclusion?.code).toBe(
    'same_as_target',
  );
  const { encoding } = whole.columns.find(({ featureId }) => featureId === 'b.text')!;
  expect(JSON.parse(encoding)).toEqual({ ordinal: texts });
  expect(await verifyDataset(path)).toMatchObject({ ok: true, columnsChecked: 7 });
  const storedOf = (id: string) => whole.columns.find(({ featureId }) => featureId === id)!.stored;
  expect(storedOf('d.far')).toBe('DOUBLE');
  expect(storedOf('d.later_far')).toBe(keys.length === KEYS ? 'DOUBLE' : 'FLOAT');
});

it('is refused without its shared dataset, and with another one in its place', async () => {
  const path = await write('lonely', range(0, 50), ['own'], true);
  const shared = sharedDatasetPath(path, 'shared-id');
  const kept = `${shared}.kept`;
  copyFileSync(shared, kept);
  rmSync(shared);
  await expect(openDataset(path)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('shared-shared-id.duckdb, which is not there'),
  });
  await write('shared', range(10, KEYS), ['shared']);
  await expect(openDataset(path)).rejects.toMatchObject({
    code: 'DATA_LOSS',
    message: expect.stringContaining('other values'),
  });
  copyFileSync(kept, shared);
  expect((await verifyDataset(path)).ok).toBe(true);
});

it('cannot be made of keys that the shared dataset lacks', async () => {
  await expect(write('beyond', range(200, KEYS + 5), ['own'], true)).rejects.toMatchObject({
    message: expect.stringContaining('lacks 5 of 105 sampled keys'),
  });
});
