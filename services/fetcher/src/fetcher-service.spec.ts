import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DatasetRef,
  FetcherServiceClient,
  FetchPairRequest,
  type FetchProgress,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { createLog } from '@onescan/process/log.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseFetcherOptions } from './fetcher-options.js';
import { BARS, buildSmallWarehouse, COLUMNS, EXCLUDED_BY_PLAN } from './fixtures/small-warehouse.js';
import { type RunningFetcher, startFetcher } from './start-fetcher.js';

process.env.ONESCAN_LOG_LEVEL = 'silent';

let folder: string;
let fetcher: RunningFetcher;
let client: FetcherServiceClient;
let cacheFolder: string;
let tests = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-service-'));
  await buildSmallWarehouse(join(folder, 'wh'));
});
beforeEach(async () => {
  cacheFolder = join(folder, `cache${++tests}`);
  await restart();
  return async () => {
    client.close();
    await fetcher.drain(0);
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

async function restart(...flags: string[]): Promise<void> {
  const options = parseFetcherOptions(['--warehouse', join(folder, 'wh'), '--cache', cacheFolder, ...flags]);
  fetcher = await startFetcher(options, createLog('test'));
  client = createClient(FetcherServiceClient, fetcher.address);
}

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 } });

async function estimate(spec = SPEC, pair = 'eurusd'): Promise<PairPlan> {
  return (await callUnary(client, client.estimatePair, { spec, pair, sharedDatasetId: '' })).plan!;
}

async function request(changes: Partial<FetchPairRequest> = {}): Promise<FetchPairRequest> {
  const plan = await estimate(changes.spec, changes.pair);
  return FetchPairRequest.fromPartial({
    runId: 'run',
    spec: SPEC,
    pair: 'eurusd',
    datasetId: plan.datasetId,
    maximumBytesBilled: plan.statements.map((statement) => statement.maximumBytesBilled),
    ...changes,
  });
}

async function fetch(
  wanted: FetchPairRequest,
  signal?: AbortSignal,
): Promise<{ ref: DatasetRef; progress: FetchProgress[] }> {
  const progress: FetchProgress[] = [];
  const options = signal ? { signal } : {};
  for await (const { message } of callServerStream(client, client.fetchPair, wanted, options)) {
    if (message?.$case === 'dataset') return { ref: message.value, progress };
    if (message?.$case === 'progress') progress.push(message.value);
  }
  throw new Error('the stream ended without a dataset');
}

const POLL = { timeout: 60_000, interval: 5 };

const jobs = async () => (await callUnary(client, client.listQueryJobs, { runId: '' })).jobs;

describe('a fetch', () => {
  it('runs the one planned statement, once, and is cached from then on', async () => {
    const wanted = await request();
    const { ref, progress } = await fetch(wanted);
    expect(ref).toMatchObject({
      datasetId: wanted.datasetId,
      rows: 900,
      columns: COLUMNS - EXCLUDED_BY_PLAN - 2, // a copy of a target and a text of many values show on the data
      cached: false,
      statementsRun: 1,
      bytesBilled: wanted.maximumBytesBilled[0],
    });
    expect(ref.targets).toHaveLength(7);
    expect(ref.usd).toBeCloseTo((Number(ref.bytesBilled) / 2 ** 40) * 6.25, 12);
    expect(progress.length).toBeGreaterThan(0);
    expect(await estimate()).toMatchObject({ cached: true, datasetId: wanted.datasetId });

    await fetcher.drain(0);
    await restart();
    const again = await fetch(wanted);
    expect(again.ref).toMatchObject({ cached: true, statementsRun: 0, bytesBilled: 0n, usd: 0 });
    expect(again.ref.contentSha256).toBe(ref.contentSha256);
    expect(await jobs()).toMatchObject([
      { runId: 'run', pair: 'eurusd', state: 'done', rows: 900, targetColumns: 7, datasetId: ref.datasetId },
    ]);
    const checked = await callUnary(client, client.listQueryJobs, { runId: 'run', checkResults: true });
    expect(checked.jobs.map(({ repeatable }) => repeatable)).toEqual([true]);
  });

  it('is shared by callers who want the same at the same time', async () => {
    const wanted = await request();
    const refs = await Promise.all([1, 2, 3].map(async () => (await fetch(wanted)).ref));
    expect(refs.map((ref) => ref.statementsRun).sort()).toEqual([0, 0, 1]);
    expect(new Set(refs.map((ref) => ref.path)).size).toBe(1);
    expect(await jobs()).toHaveLength(1);
  });

  it('goes on for those who stay, and leaves nothing when it is cancelled and all have left', async () => {
    const wanted = await request();
    const leave = new AbortController();
    const left = fetch(wanted, leave.signal);
    const stays = fetch(wanted);
    leave.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await stays).ref.rows).toBe(900);

    const other = await request({ spec: RunSpec.fromPartial({ sample: { rows: 901 } }) });
    const cancel = new AbortController();
    const cancelled = fetch(other, cancel.signal);
    await expect.poll(async () => (await jobs()).length, POLL).toBe(2);
    const { datasetId } = other;
    expect(await callUnary(client, client.cancelFetch, { datasetId })).toEqual({ running: true });
    cancel.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect
      .poll(() => readdirSync(cacheFolder).sort(), POLL)
      .toEqual(['.lock', 'audit.jsonl', datasetFile(), 'jobs.jsonl']);
    expect(await callUnary(client, client.cancelFetch, { datasetId })).toEqual({ running: false });
  });

  it('goes on for a while when its callers are gone: who asks again pays nothing', async () => {
    const wanted = await request();
    const crash = new AbortController();
    const crashed = fetch(wanted, crash.signal);
    await expect.poll(async () => (await jobs()).length, POLL).toBe(1);
    crash.abort();
    await expect(crashed).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await fetch(wanted)).ref).toMatchObject({ rows: 900, statementsRun: 0 });
    expect(await jobs()).toMatchObject([{ state: 'done' }]);
  });

  it('is given up when nobody comes back', async () => {
    client.close();
    await fetcher.drain(0);
    await restart('--orphan-grace-ms', '0');
    const leave = new AbortController();
    const left = fetch(await request(), leave.signal);
    await expect.poll(async () => (await jobs()).length, POLL).toBe(1);
    leave.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    // The statement may have ended before the fetcher noticed; the dataset is not written all the same.
    await expect
      .poll(() => readdirSync(cacheFolder).sort(), POLL)
      .toEqual(['.lock', 'audit.jsonl', 'jobs.jsonl']);
  });

  it('is refused above the approved bytes, before any statement runs', async () => {
    const wanted = await request();
    const limit = wanted.maximumBytesBilled[0]! - 1n;
    await expect(fetch({ ...wanted, maximumBytesBilled: [limit] })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      remedy: expect.stringContaining('Resume the run'),
    });
    const none = { ...wanted, maximumBytesBilled: [] };
    await expect(fetch(none)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await jobs()).toEqual([]);
  });

  it('is refused when the warehouse gives another dataset than was approved', async () => {
    const wanted = await request();
    await buildSmallWarehouse(join(folder, 'changed'), [
      "INSERT INTO bqx_ml_v3_features_v2.tri_late SELECT TIMESTAMP '2019-01-01', 1",
    ]);
    const database = join(folder, 'wh', 'warehouse.duckdb');
    const original = readFileSync(database);
    writeFileSync(database, readFileSync(join(folder, 'changed', 'warehouse.duckdb')));
    try {
      await expect(fetch(wanted)).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining('the warehouse changed since the plan was approved'),
      });
    } finally {
      writeFileSync(database, original);
    }
    expect(await jobs()).toEqual([]);
  });

  it('never asks the warehouse when only what is cached is wanted', async () => {
    const wanted = await request();
    const cachedOnly = { ...wanted, cachedOnly: true };
    await expect(fetch(cachedOnly)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await fetch(wanted);
    expect((await fetch(cachedOnly)).ref.cached).toBe(true);
  });
});

describe('the cache', () => {
  it('lists, verifies, streams and deletes datasets', async () => {
    const { ref } = await fetch(await request());
    const { datasetId } = ref;
    const list = await callUnary(client, client.listDatasets, {});
    expect(list).toMatchObject({ datasets: [{ datasetId, pair: 'eurusd', rows: 900 }], unreadable: [] });
    const verdict = await callUnary(client, client.verifyDataset, { datasetId });
    expect(verdict).toEqual({ ok: true, problems: [], columnsChecked: ref.columns });

    const parts: Buffer[] = [];
    for await (const { chunk } of callServerStream(client, client.readDataset, { datasetId, offset: 0n })) {
      parts.push(Buffer.from(chunk));
    }
    const copy = join(folder, 'copy.duckdb');
    writeFileSync(copy, Buffer.concat(parts));
    const dataset = await openDataset(copy, { expectedId: datasetId });
    expect(dataset.meta.contentSha256).toBe(ref.contentSha256);
    dataset.close();
    for await (const { offset, chunk, totalBytes } of callServerStream(client, client.readDataset, {
      datasetId,
      offset: ref.fileBytes - 5n,
    })) {
      expect([offset, chunk.length, totalBytes]).toEqual([ref.fileBytes - 5n, 5, ref.fileBytes]);
    }

    const freed = await callUnary(client, client.deleteDataset, { datasetId, force: false });
    expect(freed.bytesFreed).toBe(ref.fileBytes);
    await expect(callUnary(client, client.verifyDataset, { datasetId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('never serves a damaged dataset, and says which file it is and what to do', async () => {
    const wanted = await request();
    const { ref } = await fetch(wanted);
    const bytes = readFileSync(ref.path);
    await fetcher.drain(0);
    await restart();

    bytes[Math.floor(bytes.length / 2)]! ^= 4;
    writeFileSync(ref.path, bytes);
    const damaged = {
      code: 'DATA_LOSS',
      message: expect.stringContaining(ref.path),
      remedy: expect.stringContaining('onescan cache'),
    };
    await expect(fetch(wanted)).rejects.toMatchObject(damaged);
    const verdict = await callUnary(client, client.verifyDataset, { datasetId: ref.datasetId });
    expect(verdict.ok).toBe(false);

    writeFileSync(ref.path, bytes.subarray(0, bytes.length / 2));
    await expect(fetch(wanted)).rejects.toMatchObject(damaged);
    await expect(estimate()).rejects.toMatchObject(damaged);
    const list = await callUnary(client, client.listDatasets, {});
    expect(list).toMatchObject({ datasets: [], unreadable: [{ path: ref.path }] });

    await callUnary(client, client.deleteDataset, { datasetId: ref.datasetId, force: false });
    expect((await fetch(wanted)).ref).toMatchObject({ cached: false, contentSha256: ref.contentSha256 });
  });

  it('is cleared of what unfinished fetches and dead readers left, whatever their process ids', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => dead.on('exit', resolve));
    const left = [
      `eurusd-x.duckdb.partial-${dead.pid}`,
      `eurusd-y.duckdb.partial-${process.pid}`,
      `abc.spool-${process.ppid}`,
    ];
    await fetcher.drain(0);
    for (const name of left) writeFileSync(join(cacheFolder, name), 'torn');
    const spills = [dead.pid, process.ppid].map((pid) => `.duckdb-tmp-${pid}`);
    for (const name of spills) mkdirSync(join(cacheFolder, name));
    await restart();
    expect(readdirSync(cacheFolder).sort()).toEqual([spills[1], '.lock', 'audit.jsonl'].sort());
    expect(await callUnary(client, client.listDatasets, {})).toEqual({ datasets: [], unreadable: [] });
  });
});

describe('requests', () => {
  it('that are wrong are refused with the field', async () => {
    await expect(estimate(SPEC, 'eurxxx')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const noSpec = callUnary(client, client.estimatePair, { pair: 'eurusd', sharedDatasetId: '' });
    await expect(noSpec).rejects.toMatchObject({ message: expect.stringContaining('spec') });
    expect((await estimate(SPEC, 'gbpusd')).rows).toBe(900);
    expect((await estimate(RunSpec.fromPartial({}))).rows).toBe(BARS);
  });
});

function datasetFile(): string {
  return readdirSync(cacheFolder).find((name) => name.endsWith('.duckdb'))!;
}
