import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BigQueryStack } from '../../bigquery/bigquery-stack.js';
import type { Fault, FaultKind } from '../../fake-bigquery/faults.js';

let stack: BigQueryStack;
/** Every test samples another number of rows, so that its dataset and jobs are its own. */
let rows = 300;
let before = 0;
/** For what happens in the background. */
const LATER = { timeout: 15_000 };
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());
afterEach(() => stack.fake.clearFaults());

function fresh(): { spec: { sample: { rows: number } }; cache: string } {
  before = stack.fetchJobs().length;
  return { spec: { sample: { rows: ++rows } }, cache: stack.newCache() };
}

/** State and error of the jobs since {@link fresh}. */
function jobs(): (string | undefined)[] {
  return stack
    .fetchJobs()
    .slice(before)
    .map((job) => job.error?.reason ?? job.state);
}

function logged(cache: string): string[] {
  return new JobLog(join(cache, 'jobs.jsonl')).list().map(({ jobId, state }) => `${jobId} ${state}`);
}

/** State of the jobs of a log, and whether their bills are known. */
function billing(cache: string): string[] {
  const known = (unknown: boolean): string => (unknown ? 'unknown' : 'known');
  return new JobLog(join(cache, 'jobs.jsonl'))
    .list()
    .map((job) => `${job.state} ${known(job.billingUnknown)}`);
}

describe('a fetch survives, with one job,', () => {
  const transient: FaultKind[] = [
    'rateLimitExceeded',
    'tooManyRequests',
    'internalError',
    'backendError',
    'reset',
  ];
  it.each(transient)('%s at every kind of request', async (kind) => {
    // The catalogue is known from now on: the next requests are the fetch's own.
    const { statement, rows: sampled, query } = await stack.planOne(stack.bigQuery, fresh());
    for (const on of ['dryRun', 'insert', 'getJob', 'rows'] as const)
      stack.fake.inject({ on, kind, times: 2 });
    stack.fake.inject({ on: 'rows', kind, after: 1 }); // in the middle of the pages
    const { bytes } = await stack.bigQuery.dryRun(statement);
    const options = { jobId: `onescan-${kind}`, maximumBytesBilled: bytes };
    const { batches, bytesBilled } = await stack.bigQuery.run(statement, options);
    const received: number[] = [];
    for await (const batch of batches) received.push(batch.rows);
    expect(received.length).toBeGreaterThan(1);
    // tri_late lacks some of the sample's keys.
    const full = sampled * (query.tables.length + 1);
    const total = received.reduce((sum, n) => sum + n, 0);
    expect(total).toBeLessThanOrEqual(full);
    expect(total).toBeGreaterThanOrEqual(full - sampled);
    expect(bytesBilled()).toBeGreaterThan(0n);
    expect(jobs()).toEqual(['DONE']);
    expect(stack.fake.pendingFaults()).toBe(0);
  });
});

describe('a fetch fails clearly, leaving no dataset, on', () => {
  const cases: [string, Fault, string, RegExp][] = [
    ['a used-up quota', { on: 'insert', kind: 'quotaExceeded' }, 'RESOURCE_EXHAUSTED', /quota/i],
    ['missing rights', { on: 'insert', kind: 'accessDenied' }, 'PERMISSION_DENIED', /bigquery.jobs.create/],
    ['errors that do not end', { on: 'rows', kind: 'backendError', times: 99 }, 'UNAVAILABLE', /Retrying/],
    ['a job that fails', { on: 'insert', kind: 'jobBackendError' }, 'UNAVAILABLE', /Error encountered/],
  ];
  it.each(cases)('%s', async (_, fault, code, message) => {
    const choices = fresh();
    await stack.plan(stack.bigQuery, choices);
    stack.fake.inject(fault);
    await expect(stack.fetch(stack.bigQuery, choices)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/.{10}/),
    });
    expect(readdirSync(choices.cache)).toEqual(['jobs.jsonl']);
    const paid = fault.on === 'rows' ? ['DONE'] : [];
    expect(jobs().filter((state) => state === 'DONE')).toEqual(paid);
  });

  it('a job that stays RUNNING, which it cancels', async () => {
    const choices = fresh();
    const impatient = BigQueryStack.warehouse({ jobTimeoutMs: 50, timeoutGraceMs: 50 });
    await stack.plan(impatient, choices);
    stack.fake.inject({ on: 'insert', kind: 'stuck' });
    await expect(stack.fetch(impatient, choices)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('still RUNNING after its 50 ms'),
    });
    await expect.poll(() => billing(choices.cache), LATER).toEqual(['failed known']);
    expect(jobs()).toEqual(['stopped']);
  });

  it('being cancelled, and cancels the job', async () => {
    const choices = fresh();
    await stack.plan(stack.bigQuery, choices);
    stack.fake.inject({ on: 'insert', kind: 'stuck' });
    const abort = new AbortController();
    const fetching = stack.fetch(stack.bigQuery, { ...choices, signal: abort.signal });
    await expect.poll(jobs).toEqual(['RUNNING']);
    abort.abort();
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
    // BigQuery takes a while to cancel, and nobody has to wait for it.
    expect(jobs()).toEqual(['RUNNING']);
    expect(billing(choices.cache)).toEqual(['failed unknown']);
    await expect.poll(() => billing(choices.cache), LATER).toEqual(['failed known']);
    expect(jobs()).toEqual(['stopped']);
    expect(readdirSync(choices.cache)).toEqual(['jobs.jsonl']);
  });
});

it('cancels a job whose acceptance was never heard of, when it is cancelled meanwhile', async () => {
  const { statement } = await stack.planOne(stack.bigQuery, fresh());
  const abort = new AbortController();
  stack.fake.inject({ on: 'insert', kind: 'stuckReset' });
  const options = { jobId: 'onescan-unheard', maximumBytesBilled: 10n ** 12n, signal: abort.signal };
  const patient = BigQueryStack.warehouse({ firstDelayMs: 60_000 });
  const running = patient.run(statement, options);
  await expect.poll(jobs).toEqual(['RUNNING']);
  abort.abort();
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  const bytes = stack.fetchJobs().at(-1)!.analysis.billed;
  await expect.poll(() => patient.billedBy('onescan-unheard'), LATER).toEqual({ bytes, exists: true });
  expect(jobs()).toEqual(['stopped']);
});

describe('nothing is paid twice', () => {
  it('when the waiting failed: the next fetch reads that job', async () => {
    const { cache, spec } = fresh();
    const planned = await stack.plan(stack.bigQuery, { spec });
    stack.fake.inject({ on: 'getJob', kind: 'quotaExceeded' });
    await expect(stack.fetch(stack.bigQuery, { cache, spec })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
    await stack.fetch(BigQueryStack.warehouse(), { cache, spec });
    expect(jobs()).toEqual(['DONE']);
    const only = `^onescan-${planned.datasetId.slice(0, 16)}-1-.* done$`;
    expect(logged(cache)).toEqual([expect.stringMatching(only)]);
  });

  it('when its own job failed: the next attempt has an id of its own', async () => {
    const { cache, spec } = fresh();
    await stack.plan(stack.bigQuery, { spec });
    stack.fake.inject({ on: 'insert', kind: 'jobBackendError' });
    await expect(stack.fetch(stack.bigQuery, { cache, spec })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await stack.fetch(stack.bigQuery, { cache, spec });
    expect(jobs()).toEqual(['backendError', 'DONE']);
    expect(stack.fetchJobs().at(-2)!.bytesBilled).toBe(0n);
  });

  it('unless the result has expired and the approval leaves enough', async () => {
    const { cache, spec } = fresh();
    await stack.plan(stack.bigQuery, { spec });
    stack.fake.inject({ on: 'rows', kind: 'backendError', times: 99 });
    await expect(stack.fetch(stack.bigQuery, { cache, spec })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    stack.fake.clearFaults();
    stack.fake.expireResults();
    const again = stack.fetch(stack.bigQuery, { cache, spec, remainingBytes: 0n });
    await expect(again).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(jobs()).toEqual(['DONE']);
    await stack.fetch(stack.bigQuery, { cache, spec, remainingBytes: 10n ** 12n });
    expect(jobs()).toEqual(['DONE', 'DONE']);
    expect(logged(cache)).toEqual([
      expect.stringMatching(/-1-.* failed$/),
      expect.stringMatching(/-2-.* done$/),
    ]);
  });

  it('when its job was cancelled by somebody else, and billed', async () => {
    const { cache, spec } = fresh();
    await stack.plan(stack.bigQuery, { spec });
    stack.fake.inject({ on: 'insert', kind: 'stuck' });
    const fetching = stack.fetch(stack.bigQuery, { cache, spec });
    await expect.poll(jobs).toEqual(['RUNNING']);
    stack.fake.cancel(stack.fetchJobs().at(-1)!.id);
    await expect(fetching).rejects.toMatchObject({
      code: 'ABORTED',
      remedy: expect.stringContaining('cancelled the job'),
    });
    const [record] = new JobLog(join(cache, 'jobs.jsonl')).list();
    expect(record).toMatchObject({ state: 'failed', bytesBilled: stack.fetchJobs().at(-1)!.bytesBilled });
    const again = stack.fetch(stack.bigQuery, { cache, spec, remainingBytes: 0n });
    await expect(again).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(jobs()).toEqual(['stopped']);
  });

  it('by a job id: the same statement attaches, another is refused', async () => {
    const jobId = 'onescan-twice';
    const options = { jobId, maximumBytesBilled: 10n ** 12n };
    const first = await stack.planOne(stack.bigQuery, fresh());
    await stack.bigQuery.run(first.statement, options);
    await stack.bigQuery.run(first.statement, options);
    expect(jobs()).toHaveLength(1);
    const other = await stack.planOne(stack.bigQuery, fresh());
    await expect(stack.bigQuery.run(other.statement, options)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining(jobId),
    });
    expect(jobs()).toEqual([]);
  });
});
