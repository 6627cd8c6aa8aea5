import { setTimeout as sleep } from 'node:timers/promises';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import type { BigQueryWarehouse } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-warehouse.js';
import { StorageReader } from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-reader.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { BigQueryStack, type Choices, PROJECT } from '../../bigquery/bigquery-stack.js';
import { RESULTS_DATASET } from '../../fake-bigquery/query-job.js';
import { TcpProxy } from '../../faults/tcp-proxy.js';

const ONCE = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };

let stack: BigQueryStack;
/** Reads every result by the Storage Read API. */
let warehouse: BigQueryWarehouse;
beforeAll(async () => {
  stack = await BigQueryStack.start();
  warehouse = BigQueryStack.warehouse({ results: 'storage' });
});
afterAll(async () => {
  await warehouse.close();
  await stack.stop();
});
afterEach(() => stack.fake.clearFaults());

async function contentOf(source: Parameters<BigQueryStack['fetch']>[0], choices: Choices): Promise<string> {
  const { path } = await stack.fetch(source, choices);
  const dataset = await openDataset(path);
  dataset.close();
  return dataset.meta.contentSha256;
}

/** REST requests for rows of the statement's job. */
const pages = (): number => stack.fake.requests.filter((path) => path.startsWith('GET /datasets')).length;

it('gives the content of the same tables without BigQuery', async () => {
  await stack.plan(warehouse);
  const before = pages();
  expect(await contentOf(warehouse, {})).toBe(await contentOf(stack.embedded, {}));
  expect(pages() - before).toBe(1); // what the result is, none of its rows
});

const BROKEN = { spec: { sample: { rows: 1500 } } };
let unbroken: string;
let known: Promise<string> | undefined;
beforeEach(async () => {
  known ??= contentOf(warehouse, BROKEN);
  unbroken = await known;
});

it('goes on where a stream broke, and opens the session again', async () => {
  const choices = BROKEN;
  stack.fake.inject({ on: 'createReadSession', kind: 'backendError', times: 2 });
  stack.fake.inject({ on: 'readRows', kind: 'reset', times: 9 });
  stack.fake.inject({ on: 'readRows', kind: 'internalError', times: 2, after: 3 });
  expect(await contentOf(warehouse, choices)).toBe(unbroken);
  expect(stack.fake.pendingFaults()).toBe(0);
});

it.each(['rateLimitExceeded', 'internalError', 'backendError'] as const)(
  'tries again after %s, in the middle too',
  async (kind) => {
    stack.fake.inject({ on: 'createReadSession', kind, times: 2 });
    stack.fake.inject({ on: 'readRows', kind: 'reset', after: 1 });
    stack.fake.inject({ on: 'readRows', kind, times: 2, after: 2 });
    expect(await contentOf(warehouse, BROKEN)).toBe(unbroken);
    expect(stack.fake.pendingFaults()).toBe(0);
  },
);

it('goes on after a connection that broke in the middle of a record batch', async () => {
  const proxy = await TcpProxy.start(stack.fake.storageAddress);
  process.env.BIGQUERY_STORAGE_EMULATOR_HOST = proxy.address;
  const behind = BigQueryStack.warehouse({ results: 'storage' });
  process.env.BIGQUERY_STORAGE_EMULATOR_HOST = stack.fake.storageAddress;
  proxy.breakAfter(200_000);
  expect(await contentOf(behind, BROKEN)).toBe(unbroken);
  expect(proxy.breaks).toBe(1);
  await behind.close();
  proxy.close();
});

it('opens streams again that fall silent', async () => {
  const impatient = BigQueryStack.warehouse({ results: 'storage', silenceMs: 400 });
  stack.fake.inject({ on: 'readRows', kind: 'unanswered' });
  stack.fake.inject({ on: 'readRows', kind: 'silent', times: 4 }); // one of them after it was opened again
  expect(await contentOf(impatient, BROKEN)).toBe(unbroken);
  expect(stack.fake.pendingFaults()).toBe(0);
  await impatient.close();
});

it('does not take its own slowness for silence', async () => {
  const { table: tableId, totalRows } = stack.fetchJobs().at(-1)!;
  const table = { projectId: PROJECT, datasetId: RESULTS_DATASET, tableId };
  const reader = new StorageReader(PROJECT, ONCE, { emulator: stack.fake.storageAddress, silenceMs: 100 });
  stack.fake.inject({ on: 'readRows', kind: 'backendError', after: 4 }); // a stream that is opened again
  let batches = 0;
  for await (const _ of reader.read(table, totalRows)) if (batches++ < 3) await sleep(300);
  expect(stack.fake.pendingFaults()).toBe(1);
  reader.close();
});

it.each(['createReadSession', 'readRows'] as const)('is cancelled while %s is unanswered', async (on) => {
  const abort = new AbortController();
  stack.fake.inject({ on, kind: 'unanswered', times: 4 });
  const fetching = stack.fetch(warehouse, { ...BROKEN, signal: abort.signal });
  fetching.catch(() => undefined);
  await expect.poll(() => stack.fake.pendingFaults(), { timeout: 15_000 }).toBe(on === 'readRows' ? 0 : 3);
  abort.abort();
  await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
});

it('fails when one stream fails for good while the others are silent', async () => {
  stack.fake.inject({ on: 'readRows', kind: 'unanswered', times: 3 });
  stack.fake.inject({ on: 'readRows', kind: 'accessDenied' });
  await expect(stack.fetch(warehouse, BROKEN)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
});

it('finds out while it plans, before anything is paid for, that results cannot be read', async () => {
  const { length } = stack.fetchJobs();
  const denied = BigQueryStack.warehouse({ results: 'storage' });
  stack.fake.inject({ on: 'createReadSession', kind: 'accessDenied', times: 99 });
  const remedy = expect.stringMatching(/readSessionUser.*--fetcher-flag results=rest/);
  await expect(stack.plan(denied)).rejects.toMatchObject({ code: 'PERMISSION_DENIED', remedy });
  await stack.plan(BigQueryStack.warehouse({ results: 'rest' }));
  // The role was given meanwhile.
  stack.fake.clearFaults();
  await stack.plan(denied);
  expect(stack.fetchJobs()).toHaveLength(length);
  await denied.close();
});

it('reads from the start in a new session when one expires, each row once, and pays nothing for it', async () => {
  const { length } = stack.fetchJobs();
  stack.fake.inject({ on: 'readRows', kind: 'reset', after: 2 });
  stack.fake.inject({ on: 'readRows', kind: 'sessionExpired', after: 1, times: 2 });
  expect(await contentOf(warehouse, BROKEN)).toBe(unbroken);
  expect(stack.fake.pendingFaults()).toBe(0);
  expect(stack.fetchJobs().length - length).toBe(0); // the job of `unbroken` is found again
});

it('gives up sessions that keep expiring; the next fetch reads the same job', async () => {
  const choices = { spec: { sample: { rows: 1400 } }, cache: stack.newCache() };
  const { length } = stack.fetchJobs();
  stack.fake.inject({ on: 'readRows', kind: 'sessionExpired', times: 99 });
  await expect(stack.fetch(warehouse, choices)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('session expired'),
    remedy: expect.stringContaining('not paid twice'),
  });
  stack.fake.clearFaults();
  await stack.fetch(warehouse, choices);
  expect(stack.fetchJobs().length - length).toBe(1);
});

it('says so when the result is gone, and pays again only as far as that was approved', async () => {
  const choices = { spec: { sample: { rows: 1300 } }, cache: stack.newCache() };
  const { length } = stack.fetchJobs();
  stack.fake.inject({ on: 'getTable', kind: 'expireResult' });
  await expect(stack.fetch(warehouse, choices)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringMatching(/result of job onescan-.* is gone/),
    remedy: expect.stringContaining('24 hours'),
  });
  const unapproved = stack.fetch(warehouse, { ...choices, remainingBytes: 10n });
  await expect(unapproved).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect(stack.fetchJobs().length - length).toBe(1);
  await stack.fetch(warehouse, choices);
  expect(stack.fetchJobs().length - length).toBe(2);
});

it.each([
  ['createReadSession', 'accessDenied', 'PERMISSION_DENIED', 'readSessionUser'],
  ['readRows', 'accessDenied', 'PERMISSION_DENIED', 'readSessionUser'],
  ['readRows', 'backendError', 'UNAVAILABLE', 'not paid twice'],
] as const)('says what is wrong: %s with %s', async (on, kind, code, remedy) => {
  const choices = { spec: { sample: { rows: 700 } } };
  stack.fake.inject({ on, kind, times: 99 });
  await expect(stack.fetch(warehouse, choices)).rejects.toMatchObject({
    code,
    message: expect.stringContaining('Storage Read API'),
    remedy: expect.stringContaining(remedy),
  });
});

it('ends when it is cancelled between batches', async () => {
  const abort = new AbortController();
  const fetching = stack.fetch(warehouse, {
    spec: { sample: { rows: 3000 } },
    signal: abort.signal,
    onProgress: (stage) => stage === 'spool' && abort.abort(),
  });
  await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
});
