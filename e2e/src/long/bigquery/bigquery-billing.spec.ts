import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import { noteMetadataQuery } from '@onescan/fetcher/testing/jobs/metadata-bill.js';
import { settleJobs } from '@onescan/fetcher/testing/jobs/settle-jobs.js';
import type { BigQueryWarehouse } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-warehouse.js';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { BigQueryStack, type Choices } from '../../bigquery/bigquery-stack.js';
import type { Fault } from '../../fake-bigquery/faults.js';

const PRICE = 6.25;

let stack: BigQueryStack;
/** Every test samples another number of rows, so that its dataset and jobs are its own. */
let rows = 150;
beforeAll(async () => {
  stack = await BigQueryStack.start();
});
afterAll(() => stack.stop());
afterEach(() => stack.fake.clearFaults());

/** A fetcher's warehouse, cache and job log, which the next one of the same folder takes over. */
class Fetcher {
  readonly jobs: JobLog;
  readonly warehouse: BigQueryWarehouse;
  readonly #choices: Choices;

  constructor(choices: Choices & { cache: string }) {
    this.#choices = choices;
    mkdirSync(choices.cache, { recursive: true });
    this.jobs = new JobLog(join(choices.cache, 'jobs.jsonl'));
    this.warehouse = BigQueryStack.warehouse({
      onMetadata: (query) => noteMetadataQuery(this.jobs, query, PRICE),
    });
  }

  /** "done" or the code of the error. */
  async fetch(changes: Choices = {}): Promise<string> {
    try {
      await stack.fetch(this.warehouse, { ...this.#choices, ...changes });
      return 'done';
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  }

  /** Bytes billed by job, metadata queries included. */
  async ledger(): Promise<Record<string, bigint>> {
    await settleJobs({ jobs: this.jobs, warehouse: this.warehouse, pricePerTibUsd: PRICE });
    const jobs = this.jobs.list();
    expect(jobs.filter(({ billingUnknown }) => billingUnknown)).toEqual([]);
    return Object.fromEntries(jobs.map(({ jobId, bytesBilled }) => [jobId, bytesBilled]));
  }
}

async function cancelled(fetcher: Fetcher): Promise<string> {
  const abort = new AbortController();
  const before = stack.fetchJobs().length;
  const fetching = fetcher.fetch({ signal: abort.signal });
  await expect.poll(() => stack.fetchJobs().length).toBe(before + 1);
  abort.abort();
  const ends = await fetching;
  // BigQuery takes a while to cancel: until then the next fetcher would wait for that job.
  const unknown = () => fetcher.jobs.list().filter(({ billingUnknown }) => billingUnknown);
  await expect.poll(unknown, { timeout: 15_000 }).toEqual([]);
  return ends;
}

interface Case {
  /** On the first fetch. */
  faults?: Fault[];
  first?: (fetcher: Fetcher) => Promise<string>;
  firstEnds: string;
  between?: () => void;
  /** How the second fetch ends, by another fetcher on the same folder; the first one's when it was done. */
  secondEnds?: string;
  /** Jobs for data that were billed something, as BigQuery has it. */
  billed: number;
}

const CASES: Record<string, Case> = {
  'an undisturbed fetch': { firstEnds: 'done', billed: 1 },
  'errors at every kind of request': {
    faults: (['insert', 'getJob', 'rows', 'getTable'] as const).flatMap((on) => [
      { on, kind: 'backendError' },
      { on, kind: 'rateLimitExceeded' },
    ]),
    firstEnds: 'done',
    billed: 1,
  },
  'an answer that breaks off after the job was accepted': {
    faults: [{ on: 'insert', kind: 'reset' }],
    firstEnds: 'done',
    billed: 1,
  },
  'a job that fails, then another': {
    faults: [{ on: 'insert', kind: 'jobBackendError' }],
    firstEnds: 'UNAVAILABLE',
    secondEnds: 'done',
    billed: 1,
  },
  'waiting that is refused, then the same job': {
    faults: [{ on: 'getJob', kind: 'quotaExceeded', times: 2 }],
    firstEnds: 'RESOURCE_EXHAUSTED',
    secondEnds: 'done',
    billed: 1,
  },
  'rows that cannot be read, then the same job': {
    faults: [{ on: 'rows', kind: 'backendError', times: 4 }],
    firstEnds: 'UNAVAILABLE',
    secondEnds: 'done',
    billed: 1,
  },
  'a statement that would bill more than it may': {
    first: (fetcher) => fetcher.fetch({ maximumBytesBilled: [1n] }),
    firstEnds: 'RESOURCE_EXHAUSTED',
    secondEnds: 'done',
    billed: 1,
  },
  'an approval that leaves too little': {
    first: (fetcher) => fetcher.fetch({ remainingBytes: 1n }),
    firstEnds: 'RESOURCE_EXHAUSTED',
    billed: 0,
  },
  'a job that is billed more than it may': {
    faults: [{ on: 'insert', kind: 'overbilled' }],
    firstEnds: 'done',
    billed: 1,
  },
  'a cancelled job, billed all the same, then another': {
    faults: [{ on: 'insert', kind: 'stuck' }],
    first: cancelled,
    firstEnds: 'CANCELLED',
    secondEnds: 'done',
    billed: 2,
  },
  'a result that is gone, then another job': {
    faults: [{ on: 'rows', kind: 'backendError', times: 4 }],
    firstEnds: 'UNAVAILABLE',
    between: () => stack.fake.expireResults(),
    secondEnds: 'done',
    billed: 2,
  },
};

it.each(Object.entries(CASES))("the ledger is BigQuery's to the byte after %s", async (_, example) => {
  const choices = { cache: stack.newCache(), spec: { sample: { rows: ++rows } } };
  const before = stack.fake.jobs().length;
  const first = new Fetcher(choices);
  // The catalogue is known from now on: faults hit the fetch itself.
  await stack.plan(first.warehouse, choices);
  for (const fault of example.faults ?? []) stack.fake.inject(fault);
  expect(await (example.first ?? ((fetcher) => fetcher.fetch()))(first)).toBe(example.firstEnds);
  stack.fake.clearFaults();
  example.between?.();
  const second = new Fetcher(choices);
  if (example.secondEnds) expect(await second.fetch()).toBe(example.secondEnds);
  const jobs = stack.fake.jobs().slice(before);
  const billing = Object.fromEntries(jobs.map(({ id, bytesBilled }) => [id, bytesBilled]));
  expect(await second.ledger()).toEqual(billing);
  const data = jobs.filter((job) => job.configuration.labels?.purpose !== 'metadata');
  expect(data.filter(({ bytesBilled }) => bytesBilled > 0n)).toHaveLength(example.billed);
});
