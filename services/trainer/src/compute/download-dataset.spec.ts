import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDiskFull, type OnescanError } from '@onescan/contract/onescan-error.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CHUNK_BYTES, ScriptedFetcher } from '../testing/scripted-fetcher.js';
import { writeTestDataset } from '../testing/test-dataset.js';
import { downloadDataset } from './download-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-download-'));
const source = join(folder, 'source.duckdb');
const target = join(folder, 'copies', 'copy.duckdb');
let file: Buffer;
let fetcher: ScriptedFetcher;

beforeAll(async () => {
  await writeTestDataset(source);
  file = readFileSync(source);
  fetcher = await ScriptedFetcher.start(file);
});

afterEach(() => {
  fetcher.asked = [];
  fetcher.cutAfterChunks = Infinity;
  rmSync(join(folder, 'copies'), { recursive: true, force: true });
});

afterAll(async () => {
  await fetcher.stop();
  rmSync(folder, { recursive: true });
});

function download(datasetId: string, isCancelled = () => false): Promise<void> {
  return downloadDataset({ fetcherAddress: fetcher.address, datasetId, path: target, isCancelled });
}

test('copies the bytes and leaves nothing else', async () => {
  await download('test-dataset');
  expect(readFileSync(target).equals(file)).toBe(true);
  expect(readdirSync(join(folder, 'copies'))).toEqual(['copy.duckdb']);
});

test('goes on where a stream broke off', async () => {
  fetcher.cutAfterChunks = Math.ceil(file.length / CHUNK_BYTES / 2);
  await download('test-dataset');
  expect(readFileSync(target).equals(file)).toBe(true);
  expect(fetcher.asked[0]).toBe(0);
  expect(fetcher.asked[1]).toBeGreaterThan(0);
});

test('an unknown dataset is an error at once, and no file appears', async () => {
  await expect(download('unknown')).rejects.toThrow('no dataset unknown');
  expect(readdirSync(join(folder, 'copies'))).toEqual([]);
});

test('another dataset than asked for is never published', async () => {
  await expect(download('something-else')).rejects.toThrow(/test-dataset/);
  expect(existsSync(target)).toBe(false);
});

// Skipped, and shown as such, where nothing can be mounted.
test.skipIf(!canMount())('a disk that fills up within the last chunk is told as that', async () => {
  const disk = new SmallDisk(64);
  const path = join(disk.folder, 'copy.duckdb');
  const last = file.length % CHUNK_BYTES || CHUNK_BYTES;
  const leaveBytes = Math.floor(last / 2 / 4096) * 4096;
  const onProgress = (fraction: number): void => {
    if (Math.round(fraction * file.length) === file.length - last) disk.fill(leaveBytes / 1024 ** 2);
  };
  try {
    const options = { fetcherAddress: fetcher.address, datasetId: 'test-dataset', path };
    const thrown = await downloadDataset({ ...options, isCancelled: () => false, onProgress }).catch(
      (error: unknown) => error,
    );
    expect(isDiskFull(thrown as OnescanError), String(thrown)).toBe(true);
    expect(readdirSync(disk.folder)).toEqual(['filler']);
  } finally {
    disk.remove();
  }
});

test('stops when cancelled', async () => {
  await expect(download('test-dataset', () => true)).rejects.toThrow(/cancelled/);
  expect(existsSync(target)).toBe(false);
});
