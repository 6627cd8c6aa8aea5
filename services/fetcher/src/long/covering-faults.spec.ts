import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DatasetRef,
  FetcherServiceClient,
  FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type DeepPartial, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { callServerStream, createClient } from '@onescan/process/grpc/client.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { contentOf, FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse, FEATURES } from '../fixtures/small-warehouse.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 }); // generous: the machine may be busy
process.env.ONESCAN_LOG_LEVEL = 'silent';

const WHOLE = specOf();
const PART = specOf({ universe: { exclude: ['mkt_*', 'mom_*'] }, sample: { rows: 700 } });

function specOf(changes: DeepPartial<RunSpec> = {}): RunSpec {
  return RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 }, ...changes });
}

let folder: string;
let cache: string;
let fetcher: FetcherHarness;
let whole: DatasetRef;
let caches = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-covering-'));
  await buildSmallWarehouse(join(folder, 'wh'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  cache = join(folder, `cache${++caches}`);
  fetcher = await FetcherHarness.start(join(folder, 'wh'), cache);
  whole = (await fetcher.fetch(WHOLE, await fetcher.plan(WHOLE))).ref;
});
afterEach(() => fetcher.stop());

async function restart(warehouse = 'wh'): Promise<void> {
  await fetcher.stop();
  fetcher = await FetcherHarness.start(join(folder, warehouse), cache);
}

function damage({ path }: DatasetRef): void {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 4;
  writeFileSync(path, bytes);
}

it('a damaged dataset is passed over, for another one or for the statement, which the plan then shows', async () => {
  const middle = specOf({ universe: { exclude: ['mkt_*'] } });
  const { ref } = await fetcher.fetch(middle, await fetcher.plan(middle));
  expect((await fetcher.plan(PART)).servedFrom).toBe(ref.datasetId);
  damage(ref);
  await restart();
  const other = await fetcher.plan(PART);
  expect(other).toMatchObject({ cached: true, servedFrom: whole.datasetId });
  const noted = (path: string) =>
    expect.objectContaining({
      why: { code: 'damaged_dataset', facts: { damage: expect.stringContaining(path) } },
    });
  expect(other.notes).toContainEqual(noted(ref.path));
  damage(whole);
  await restart();
  const plan = await fetcher.plan(PART);
  expect(plan).toMatchObject({ cached: false, servedFrom: '' });
  expect(plan.bytes).toBeGreaterThan(0n);
  expect(plan.notes).toContainEqual(noted(whole.path));
  expect((await fetcher.fetch(PART, plan)).ref).toMatchObject({ cached: false, statementsRun: 1 });
});

it('one that is damaged or gone between plan and fetch is not replaced by a statement, but by another that holds it', async () => {
  const middle = specOf({ universe: { exclude: ['mkt_*'] } });
  const { ref } = await fetcher.fetch(middle, await fetcher.plan(middle));
  const plan = await fetcher.plan(PART);
  expect(plan.servedFrom).toBe(ref.datasetId);
  fetcher.evict(ref);
  const made = (await fetcher.fetch(PART, plan)).ref;
  expect(made).toMatchObject({ derivedFrom: whole.datasetId, bytesBilled: 0n });
  fetcher.evict(made);
  const again = await fetcher.plan(PART);
  damage(whole);
  await restart();
  const gone = { code: 'FAILED_PRECONDITION', remedy: expect.stringContaining('Resume the run') };
  await expect(fetcher.fetch(PART, again)).rejects.toMatchObject(gone);
  fetcher.evict(whole);
  await expect(fetcher.fetch(PART, again)).rejects.toMatchObject(gone);
  expect(await fetcher.jobs()).toHaveLength(1);
  expect(readdirSync(cache).sort()).toEqual(['.lock', 'audit.jsonl', 'jobs.jsonl']);
});

it('one that was there as planned and is evicted is made of another, and never fetched again unasked', async () => {
  const middle = specOf({ universe: { exclude: ['mkt_*'] } });
  const { ref } = await fetcher.fetch(middle, await fetcher.plan(middle));
  const plan = { ...(await fetcher.plan(middle)), servedFrom: ref.datasetId };
  fetcher.evict(ref);
  expect((await fetcher.fetch(middle, plan)).ref).toMatchObject({ derivedFrom: whole.datasetId, usd: 0 });
  fetcher.evict(ref);
  fetcher.evict(whole);
  await expect(fetcher.fetch(middle, plan)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  expect(await fetcher.jobs()).toHaveLength(1);
});

it('a table that has changed and a column that is new are not served; the rest is', async () => {
  mkdirSync(join(folder, 'changed'));
  const database = join(folder, 'changed', 'warehouse.duckdb');
  copyFileSync(join(folder, 'wh', 'warehouse.duckdb'), database);
  const instance = await openDuckDb(database);
  const connection = await instance.connect();
  await connection.run(
    `INSERT INTO ${FEATURES}.csi_usd SELECT TIMESTAMP '2021-01-01', 1, DATE '2021-01-01', 1`,
  );
  await connection.run(`ALTER TABLE ${FEATURES}.mom_eurusd ADD COLUMN more DOUBLE`);
  connection.closeSync();
  instance.closeSync();
  await restart('changed');
  const plan = await fetcher.plan(WHOLE);
  expect(plan).toMatchObject({ cached: false, servedFrom: '' });
  const [note] = plan.notes.filter(({ kind }) => kind === 'dataset not used');
  expect(note?.text).toMatch(/is from before .*csi_usd.* changed|lacks column mom_eurusd.more/);
  const rest = specOf({ universe: { exclude: ['csi_usd', 'mom_eurusd'] } });
  expect(await fetcher.plan(rest)).toMatchObject({ cached: true, servedFrom: whole.datasetId });
  const { ref } = await fetcher.fetch(rest, await fetcher.plan(rest));
  expect(ref.derivedFrom).toBe(whole.datasetId);
  expect(await fetcher.jobs()).toHaveLength(1);
});

it('kill -9 while a dataset is made of another leaves nothing torn, and the next fetcher makes it', async () => {
  const plan = await fetcher.plan(PART);
  await fetcher.stop();
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  const flags = ['--warehouse', join(folder, 'wh'), '--cache', cache];
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const client = createClient(FetcherServiceClient, (await readAnnouncement(child.stdout)).address);
  const { datasetId, servedFrom: withinDatasetId } = plan;
  const request = { runId: 'run', spec: PART, pair: 'eurusd', datasetId, withinDatasetId };
  const broken = (async () => {
    const answers = callServerStream(client, client.fetchPair, FetchPairRequest.fromPartial(request));
    for await (const { message } of answers) if (message?.$case === 'dataset') return message.value;
  })();
  const torn = (): string[] => readdirSync(cache).filter((name) => /partial|spool/.test(name));
  broken.catch(() => undefined);
  while (torn().length === 0) await new Promise(setImmediate);
  child.kill('SIGKILL');
  await ended;
  await expect(broken).rejects.toThrow();
  client.close();
  expect(torn().length).toBeGreaterThan(0);
  expect(existsSync(join(cache, `eurusd-${datasetId}.duckdb`))).toBe(false);

  fetcher = await FetcherHarness.start(join(folder, 'wh'), cache);
  expect(torn()).toEqual([]);
  const made = (await fetcher.fetch(PART, plan)).ref;
  const fresh = await FetcherHarness.start(join(folder, 'wh'), join(folder, 'fresh'));
  const fetched = (await fresh.fetch(PART, await fresh.plan(PART))).ref;
  expect(await contentOf(made)).toEqual(await contentOf(fetched));
  await fresh.stop();
});
