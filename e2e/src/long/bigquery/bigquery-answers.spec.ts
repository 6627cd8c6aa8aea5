import { join } from 'node:path';
import { SharedFetches } from '@onescan/fetcher/testing/fetch/shared-fetches.js';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import { noteMetadataQuery } from '@onescan/fetcher/testing/jobs/metadata-bill.js';
import { settleJobs } from '@onescan/fetcher/testing/jobs/settle-jobs.js';
import { BigQueryApi } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-api.js';
import type { ResultTransport } from '@onescan/fetcher/testing/warehouse/bigquery/result-transport.js';
import type { MetadataQuery } from '@onescan/fetcher/testing/warehouse/metadata-query.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BigQueryStack, PROJECT } from '../../bigquery/bigquery-stack.js';
import type { FaultKind, Operation } from '../../fake-bigquery/faults.js';

let stack: BigQueryStack;
/** Every test samples another number of rows, so that its dataset and jobs are its own. */
let rows = 600;
let before = 0;
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());
afterEach(() => stack.fake.clearFaults());

const REQUESTS: Readonly<Record<ResultTransport, readonly Operation[]>> = {
  rest: ['dryRun', 'insert', 'getJob', 'rows'],
  storage: ['dryRun', 'insert', 'getJob', 'getTable'],
};
const KINDS = ['unanswered', 'html', 'emptyBody'] as const;
/** For what happens in the background. */
const LATER = { timeout: 15_000 };

function fresh(): { spec: { sample: { rows: number } }; cache: string } {
  before = stack.fetchJobs().length;
  return { spec: { sample: { rows: ++rows } }, cache: stack.newCache() };
}

/** State and error of the jobs since {@link fresh}. */
function jobs(): string[] {
  return stack
    .fetchJobs()
    .slice(before)
    .map((job) => job.error?.reason ?? job.state);
}

describe('an answer that never comes, or is not of BigQuery', () => {
  it.each(KINDS.flatMap((kind) => [[kind, 'rest'] as const, [kind, 'storage'] as const]))(
    'is asked for again at every kind of request, with one job: %s, by %s',
    async (kind, results) => {
      const choices = fresh();
      const deadlines = { requestMs: 500, statementMs: 500 };
      const warehouse = BigQueryStack.warehouse({ deadlines, results });
      await stack.plan(warehouse, choices);
      for (const on of REQUESTS[results]) stack.fake.inject({ on, kind });
      const { bytesBilled } = await stack.fetch(warehouse, choices);
      expect(stack.fake.pendingFaults()).toBe(0);
      expect(jobs()).toEqual(['DONE']);
      expect(bytesBilled).toBe(stack.fetchJobs().at(-1)!.bytesBilled);
    },
  );

  it.each([
    ['unanswered', /no answer within 100 ms/],
    ['html', /not BigQuery's but begins with "<html><head><title>Sign in/],
    ['emptyBody', /the answer is empty/],
  ] as const)('is told when it stays away: %s', async (kind, message) => {
    // Only what never comes is to be waited for so briefly.
    const deadlines = kind === 'unanswered' ? { requestMs: 100, statementMs: 100 } : undefined;
    const policy = { attempts: 2, firstDelayMs: 1, maxDelayMs: 1 };
    const api = new BigQueryApi(PROJECT, 'us-central1', policy, { deadlines });
    const patient = new BigQueryApi(PROJECT, 'us-central1', policy);
    stack.fake.inject({ on: 'getJob', kind, times: 99 });
    stack.fake.inject({ on: 'dryRun', kind, times: 99 });
    await patient.startQuery({
      ...{ sql: 'SELECT 1 AS a', jobId: `told-${kind}`, maximumBytesBilled: 10n ** 9n },
      ...{ labels: {}, timeoutMs: 10_000 },
    });
    for (const call of [() => api.dryRun('SELECT 1 AS a'), () => api.getJob(`told-${kind}`)]) {
      await expect(call()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(message),
        remedy: expect.stringContaining('proxy'),
      });
    }
  });

  it('does not keep a fetch from ending when its time is over', async () => {
    const choices = fresh();
    const impatient = BigQueryStack.warehouse({ jobTimeoutMs: 100, timeoutGraceMs: 100 });
    await stack.plan(impatient, choices);
    stack.fake.inject({ on: 'insert', kind: 'stuck' });
    stack.fake.inject({ on: 'getJob', kind: 'unanswered' });
    await expect(stack.fetch(impatient, choices)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('still not known after its 100 ms'),
    });
    await expect.poll(jobs, LATER).toEqual(['stopped']);
  });

  it.each(['insert', 'getJob', 'rows'] as const)(
    'does not keep a cancelled fetch: the only slot is free for the next one, %s',
    async (on) => {
      const choices = fresh();
      const patient = BigQueryStack.warehouse(); // a minute for every request
      await stack.plan(patient, choices);
      const fetches = new SharedFetches({ limit: 1, orphanGraceMs: 0 });
      const caller = new AbortController();
      stack.fake.inject({ on, kind: 'unanswered' });
      if (on === 'getJob') stack.fake.inject({ on: 'insert', kind: 'stuck' });
      const held = fetches.join('held', caller.signal, (signal) =>
        stack.fetch(patient, { ...choices, signal }),
      );
      held.result.catch(() => undefined);
      await expect.poll(() => stack.fake.pendingFaults(), LATER).toBe(0);
      caller.abort();
      await expect(held.result).rejects.toMatchObject({ code: 'CANCELLED' });
      await fetches.whenJoinable('held');
      const next = { ...choices, spec: { sample: { rows: ++rows } } };
      const { path } = await fetches.join('next', new AbortController().signal, (signal) =>
        stack.fetch(patient, { ...next, signal }),
      ).result;
      expect(path).toContain('eurusd');
      const [first] = stack.fetchJobs().slice(before);
      // A job that is not stuck may be done before it is cancelled.
      const ended = on === 'getJob' ? 'stopped' : expect.stringMatching(/^(stopped|DONE)$/);
      await expect.poll(jobs, LATER).toEqual([ended, 'DONE']);
      const log = new JobLog(join(choices.cache, 'jobs.jsonl'));
      const bill = { state: 'failed', billingUnknown: false, bytesBilled: first!.analysis.billed };
      await expect.poll(() => log.list()[0], LATER).toMatchObject(bill);
    },
  );
});

describe('a refusal comes with what helps', () => {
  const refusals: [FaultKind, string, RegExp][] = [
    ['billingNotEnabled', 'FAILED_PRECONDITION', /enable billing/i],
    ['tooComplex', 'FAILED_PRECONDITION', /planned with more statements and waits for approval/],
    ['partitionElimination', 'FAILED_PRECONDITION', /require_partition_filter = false/],
  ];
  it.each(refusals)('%s', async (kind, code, remedy) => {
    const { statement } = await stack.planOne(stack.bigQuery, fresh());
    stack.fake.inject({ on: 'dryRun', kind });
    await expect(stack.bigQuery.dryRun(statement)).rejects.toMatchObject({
      code,
      remedy: expect.stringMatching(remedy),
    });
  });
});

describe('the job log', () => {
  it('counts no statement that was refused before there was a job', async () => {
    const choices = fresh();
    await stack.plan(stack.bigQuery, choices);
    stack.fake.inject({ on: 'insert', kind: 'quotaExceeded' });
    await expect(stack.fetch(stack.bigQuery, choices)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await stack.fetch(stack.bigQuery, choices);
    const log = new JobLog(join(choices.cache, 'jobs.jsonl'));
    expect(log.list()).toMatchObject([
      { state: 'failed', neverRan: true, billingUnknown: false, error: expect.stringContaining('quota') },
      { state: 'done', neverRan: false },
    ]);
    expect(jobs()).toEqual(['DONE']);
  });

  it.each([
    ['insert', 'accessDenied', true],
    ['rows', 'accessDenied', false],
  ] as const)('ends a metadata query that fails: %s with %s', async (on, kind, neverRan) => {
    const log = new JobLog(join(stack.folder, `metadata-${on}.jsonl`));
    const onMetadata = (query: MetadataQuery) => noteMetadataQuery(log, query, 6.25);
    const warehouse = BigQueryStack.warehouse({ onMetadata });
    stack.fake.inject({ on, kind, times: 99 });
    await expect(stack.plan(warehouse, fresh())).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    stack.fake.clearFaults();
    await settleJobs({ jobs: log, warehouse, pricePerTibUsd: 6.25 });
    const listed = log.list();
    expect(listed.length).toBeGreaterThan(0);
    for (const job of listed) {
      expect(job).toMatchObject({ state: 'failed', purpose: 'metadata', billingUnknown: false, neverRan });
      expect(job.error).toContain('Access Denied');
      expect(job.bytesBilled > 0n).toBe(!neverRan);
    }
  });
});
