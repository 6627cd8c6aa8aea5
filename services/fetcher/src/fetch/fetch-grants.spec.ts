import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FetchGrant, QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { type GrantFacts, readGrantKey, signGrant } from '@onescan/process/fetch-grant.js';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse } from '../fixtures/small-warehouse.js';
import { requireGranted } from './fetch-grants.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
process.env.ONESCAN_LOG_LEVEL = 'silent';

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 } });
const OTHER_SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 901 } });
const MINUTE = 60_000;

let folder: string;
let fetcher: FetcherHarness;
let plan: PairPlan;
let tests = 0;
const keyFile = (): string => join(folder, 'grant.key');
const start = (...flags: string[]): Promise<FetcherHarness> =>
  FetcherHarness.start(join(folder, 'wh'), join(folder, `cache${tests}`), ...flags);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-grants-'));
  await buildSmallWarehouse(join(folder, 'wh'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  tests++;
  fetcher = await start('--grant-key', keyFile());
  plan = await fetcher.plan(SPEC);
  return () => fetcher.stop();
});

/** The grant that the harness's request needs, or another. */
function grant(changes: Partial<GrantFacts> = {}, key: Uint8Array = readGrantKey(keyFile())): FetchGrant {
  return signGrant(key, {
    runId: 'run',
    pair: 'eurusd',
    planHash: '',
    datasetId: plan.datasetId,
    sharedDatasetId: '',
    runBytes: plan.bytes,
    expiresMs: BigInt(Date.now() + MINUTE),
    ...changes,
  });
}

/** What is said of a grant that will not do. */
const REFUSED: readonly [string, () => FetchGrant | undefined][] = [
  ['it has no grant', () => undefined],
  ['was not signed with this key', () => grant({}, Buffer.alloc(32))],
  ['was not signed with this key', () => ({ ...grant(), runBytes: 2n ** 60n })],
  ['another runId', () => grant({ runId: 'another' })],
  ['another pair', () => grant({ pair: 'gbpusd' })],
  ['another planHash', () => grant({ planHash: 'f'.repeat(64) })],
  ['another datasetId', () => grant({ datasetId: 'f'.repeat(64) })],
  ['another sharedDatasetId', () => grant({ sharedDatasetId: 'f'.repeat(64) })],
  ['expired 600 s ago', () => grant({ expiresMs: BigInt(Date.now() - 10 * MINUTE) })],
  ['were granted to its run', () => grant({ runBytes: plan.bytes - 1n })],
];

it('bills nothing when a grant will not do', async () => {
  for (const [why, given] of REFUSED) {
    const refused = fetcher.fetch(SPEC, plan, { grant: given(), remainingBytes: 2n ** 60n });
    await expect(refused, why).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(why),
    });
  }
  expect(await fetcher.jobs()).toEqual([]);
});

it('pays once with a grant, and with a clock some minutes apart', async () => {
  const late = grant({ expiresMs: BigInt(Date.now() - 4 * MINUTE) });
  const { ref } = await fetcher.fetch(SPEC, plan, { grant: late });
  expect(ref).toMatchObject({ cached: false, bytesBilled: plan.bytes });
  // What is there needs none, nor does what can be made of it.
  expect((await fetcher.fetch(SPEC, plan)).ref.cached).toBe(true);
  const part = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 500 } });
  const planned = await fetcher.plan(part);
  expect(planned.servedFrom).toBe(plan.datasetId);
  expect((await fetcher.fetch(part, planned)).ref.derivedFrom).toBe(plan.datasetId);
  expect(await fetcher.jobs()).toHaveLength(1);
});

it('replays bill no more than was granted to the run in all, over restarts too', async () => {
  const other = await fetcher.plan(OTHER_SPEC);
  const runBytes = plan.bytes + other.bytes - 1n;
  const { ref } = await fetcher.fetch(SPEC, plan, { grant: grant({ runBytes }) });
  expect(ref.bytesBilled).toBe(plan.bytes);
  await fetcher.stop();
  fetcher = await start('--grant-key', keyFile());
  const second = (): Promise<unknown> =>
    fetcher.fetch(OTHER_SPEC, other, { grant: grant({ datasetId: other.datasetId, runBytes }) });
  await expect(second()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  // Of what was paid for already nothing is paid again.
  fetcher.evict({ pair: 'eurusd', datasetId: plan.datasetId });
  await fetcher.fetch(SPEC, plan, { grant: grant({ runBytes }) });
  await expect(second()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect((await fetcher.jobs()).map(({ bytesBilled }) => bytesBilled)).toEqual([plan.bytes]);
});

it('without a key asks nobody, and takes a request of an older coordinator', async () => {
  await fetcher.stop();
  fetcher = await start();
  expect((await fetcher.fetch(SPEC, plan)).ref.bytesBilled).toBe(plan.bytes);
});

it('counts what runs, or may still be billed, with its bound', () => {
  const job = (change: Partial<QueryJob>): QueryJob =>
    QueryJob.create({ purpose: 'fetch', state: 'done', maximumBytesBilled: 100n, ...change });
  const next = { pair: 'eurusd', jobId: 'next', bound: 100n };
  const fits = (before: Partial<QueryJob>, granted: bigint) => () =>
    requireGranted(next, granted, [job(before)]);
  expect(fits({ state: 'running' }, 200n)).not.toThrow();
  expect(fits({ state: 'running' }, 199n)).toThrow('were granted');
  expect(fits({ billingUnknown: true }, 199n)).toThrow('were granted');
  expect(fits({ bytesBilled: 7n }, 107n)).not.toThrow();
  expect(fits({ bytesBilled: 7n }, 106n)).toThrow('were granted');
  // Run again under its id it is itself; metadata is not of what was approved.
  expect(fits({ jobId: 'next', state: 'running' }, 100n)).not.toThrow();
  expect(fits({ purpose: 'metadata', bytesBilled: 50n }, 100n)).not.toThrow();
});
