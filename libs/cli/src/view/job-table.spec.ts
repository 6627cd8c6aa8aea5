import { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { expect, it } from 'vitest';
import { sampleRun } from '../testing/sample-run.js';
import { jobTable } from './job-table.js';

it("tells the statement of what all pairs share, and metadata queries, from the pair's own", () => {
  const job = { pair: 'usdjpy', state: 'done', startedAt: '2026-01-01T00:00:00.123Z', bytesBilled: 1024n };
  const run = sampleRun();
  run.pairs[0]!.jobs = [
    QueryJob.fromPartial({ ...job, jobId: 'job-1', shared: true }),
    QueryJob.fromPartial({ ...job, jobId: 'job-2' }),
    QueryJob.fromPartial({ ...job, jobId: 'job-3', purpose: 'metadata' }),
  ];
  const [, , first, second, third] = jobTable(run).split('\n');
  expect(first).toMatch(/^job-1 +shared, for usdjpy +done +2026-01-01T00:00:00Z /);
  expect(second).toMatch(/^job-2 +usdjpy +done /);
  expect(third).toMatch(/^job-3 +metadata, for usdjpy +done /);
});
