import type { BigQueryWarehouse } from '@onescan/fetcher/warehouse/bigquery/bigquery-warehouse.js';
import { openDataset } from '@onescan/shared/dataset/open-dataset.js';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { BigQueryStack, type Choices } from './bigquery-stack.js';

let stack: BigQueryStack;
/** Reads every result by the Storage Read API. */
let warehouse: BigQueryWarehouse;
beforeAll(async () => {
  stack = await BigQueryStack.start();
  warehouse = BigQueryStack.warehouse({ storageMinRows: 0 });
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

it('goes on where a stream broke, and opens the session again', async () => {
  const choices = { spec: { sample: { rows: 1500 } } };
  const unbroken = await contentOf(warehouse, choices);
  stack.fake.inject({ on: 'createReadSession', kind: 'backendError', times: 2 });
  stack.fake.inject({ on: 'readRows', kind: 'reset', times: 9 });
  stack.fake.inject({ on: 'readRows', kind: 'internalError', times: 2, after: 3 });
  expect(await contentOf(warehouse, choices)).toBe(unbroken);
  expect(stack.fake.pendingFaults()).toBe(0);
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
