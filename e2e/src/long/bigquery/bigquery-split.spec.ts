import { openDataset } from '@onescan/dataset/open-dataset.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BigQueryStack } from '../../bigquery/bigquery-stack.js';

const MIB = 1024n * 1024n;
const LIMITS = { tables: 4 };

let stack: BigQueryStack;
beforeAll(async () => {
  stack = await BigQueryStack.start({ limits: LIMITS });
});
afterAll(() => stack.stop());

it('a universe beyond the tables of a statement is fetched by the fewest that BigQuery takes', async () => {
  // A bound of the fake's own on tables, which a dry run tells where the planner does not know it.
  const { statements, notes } = await stack.plan(stack.bigQuery);
  expect(statements).toHaveLength(3);
  expect(notes).toContainEqual(
    expect.objectContaining({
      why: {
        code: 'split_statements',
        facts: expect.objectContaining({ statements: 3, refusals: ['tables'] }),
      },
    }),
  );
  const fetched = await stack.fetch(stack.bigQuery, { limits: LIMITS });
  const jobs = stack.fetchJobs();
  // Nine tables: targets and three of features, then three times the keys of targets and three more at most.
  expect(jobs.map((job) => job.state)).toEqual(['DONE', 'DONE', 'DONE']);
  for (const job of jobs) {
    const { maximumBytesBilled } = job.configuration.query!;
    expect(job.bytesBilled).toBeLessThanOrEqual(BigInt(maximumBytesBilled!));
    expect(job.configuration.labels).toMatchObject({ pair: 'eurusd', run: 'run_1' });
  }
  // Eight feature tables and three times the targets table, each at the minimum.
  expect(jobs.reduce((sum, job) => sum + job.bytesBilled, 0n)).toBe(11n * 10n * MIB);
  expect(fetched).toMatchObject({ statementsRun: 3, bytesBilled: 110n * MIB });

  const ours = await openDataset(fetched.path);
  const theirs = await openDataset((await stack.fetch(stack.embedded)).path);
  expect(ours.meta.contentSha256).toBe(theirs.meta.contentSha256);
  ours.close();
  theirs.close();
});

it('statements that were paid for are not run again when a later one fails', async () => {
  const choices = { limits: LIMITS, cache: stack.newCache(), spec: { sample: { rows: 777 } } };
  const before = stack.fetchJobs().length;
  stack.fake.inject({ on: 'insert', kind: 'jobBackendError', after: 1 });
  await expect(stack.fetch(stack.bigQuery, choices)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const fetched = await stack.fetch(stack.bigQuery, choices);
  const ids = stack
    .fetchJobs()
    .slice(before)
    .map((job) => `${job.id} ${job.error ? 'failed' : 'done'}`);
  expect(ids).toEqual([
    expect.stringMatching(/-1-.* done$/),
    expect.stringMatching(/-2-.* failed$/),
    expect.stringMatching(/-3-.* done$/),
    expect.stringMatching(/-4-.* done$/),
  ]);
  expect(fetched.statementsRun).toBe(3);
  const dataset = await openDataset(fetched.path);
  expect(dataset.meta.jobId.split(', ')).toHaveLength(3);
  dataset.close();
});
