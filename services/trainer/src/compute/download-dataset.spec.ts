import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FetcherServiceService,
  type ReadDatasetRequest,
  type ReadDatasetResponse,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { serverStream } from '@onescan/shared/grpc/handlers.js';
import { type RunningServer, startServer } from '@onescan/shared/grpc/start-server.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writeTestDataset } from '../testing/test-dataset.js';
import { downloadDataset } from './download-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-download-'));
const source = join(folder, 'source.duckdb');
const target = join(folder, 'copies', 'copy.duckdb');
const CHUNK_BYTES = 64 * 1024;
let file: Buffer;
let server: RunningServer;
/** Offsets that clients asked for. */
let asked: number[] = [];
let cutAfterChunks = Infinity;

beforeAll(async () => {
  await writeTestDataset(source);
  file = readFileSync(source);
  server = await startServer({
    listen: '127.0.0.1:0',
    healthNames: [],
    register: (grpc) => {
      const unused = (): never => {
        throw new Error('not part of this test');
      };
      grpc.addService(FetcherServiceService, {
        estimatePair: unused,
        fetchPair: unused,
        listDatasets: unused,
        verifyDataset: unused,
        deleteDataset: unused,
        listQueryJobs: unused,
        readDataset: serverStream(chunks),
      });
    },
  });
});

afterEach(() => {
  asked = [];
  cutAfterChunks = Infinity;
  rmSync(join(folder, 'copies'), { recursive: true, force: true });
});

afterAll(async () => {
  await server.shutdown(0);
  rmSync(folder, { recursive: true });
});

async function* chunks({ datasetId, offset }: ReadDatasetRequest): AsyncGenerator<ReadDatasetResponse> {
  if (datasetId === 'unknown') throw new OnescanError('NOT_FOUND', `no dataset ${datasetId}`);
  asked.push(Number(offset));
  let sent = 0;
  for (let at = Number(offset); at < file.length; at += CHUNK_BYTES) {
    if (sent++ >= cutAfterChunks) throw new OnescanError('UNAVAILABLE', 'the fetcher restarts');
    const chunk = file.subarray(at, at + CHUNK_BYTES);
    yield { offset: BigInt(at), chunk, totalBytes: BigInt(file.length) };
  }
}

function download(datasetId: string, isCancelled = () => false): Promise<void> {
  return downloadDataset({ fetcherAddress: server.address, datasetId, path: target, isCancelled });
}

test('copies the bytes and leaves nothing else', async () => {
  await download('test-dataset');
  expect(readFileSync(target).equals(file)).toBe(true);
  expect(readdirSync(join(folder, 'copies'))).toEqual(['copy.duckdb']);
});

test('goes on where a stream broke off', async () => {
  cutAfterChunks = Math.ceil(file.length / CHUNK_BYTES / 2);
  await download('test-dataset');
  expect(readFileSync(target).equals(file)).toBe(true);
  expect(asked[0]).toBe(0);
  expect(asked[1]).toBeGreaterThan(0);
});

test('an unknown dataset is an error at once, and no file appears', async () => {
  await expect(download('unknown')).rejects.toThrow('no dataset unknown');
  expect(readdirSync(join(folder, 'copies'))).toEqual([]);
});

test('another dataset than asked for is never published', async () => {
  await expect(download('something-else')).rejects.toThrow(/test-dataset/);
  expect(existsSync(target)).toBe(false);
});

test('stops when cancelled', async () => {
  await expect(download('test-dataset', () => true)).rejects.toThrow(/cancelled/);
  expect(existsSync(target)).toBe(false);
});
