import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { KnownSplits } from '@onescan/fetcher/testing/planning/known-splits.js';
import { FEATURES } from '@onescan/fetcher/testing/small-warehouse.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BigQueryStack, type Choices } from '../../bigquery/bigquery-stack.js';
import type { QueryLimits } from '../../fake-bigquery/analyze-statement.js';

const limits: { -readonly [K in keyof QueryLimits]?: QueryLimits[K] } = {};

let stack: BigQueryStack;
beforeAll(async () => {
  stack = await BigQueryStack.start({
    limits,
    change: [
      ...Array.from(
        { length: 12 },
        (_, i) =>
          `CREATE TABLE ${FEATURES}.raw_${i} AS SELECT interval_time, vix + ${i} AS v FROM ${FEATURES}.mkt_vix`,
      ),
      `CREATE VIEW ${FEATURES}.var_view AS ${Array.from({ length: 12 }, (_, i) => `SELECT interval_time, v AS a, -v AS b FROM ${FEATURES}.raw_${i} WHERE v > ${900 + i}`).join(' UNION ALL ')}`,
    ],
  });
});
afterAll(() => stack.stop());
afterEach(() => {
  delete limits.complexity;
});

const WITHOUT_VIEW = { universe: { exclude: ['var_view.*'] } };

async function contentOf(choices: Choices): Promise<{ content: string; id: string; statements: number }> {
  const { path } = await stack.fetch(stack.bigQuery, choices);
  const dataset = await openDataset(path);
  const { contentSha256, datasetId, jobId } = dataset.meta;
  dataset.close();
  return { content: contentSha256, id: datasetId, statements: jobId.split(', ').length };
}

describe('a dataset is the same whatever the number of its statements', () => {
  const days = { rows: 1440, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS };
  it.each([
    [
      'packed, by tables',
      { tables: 1, most: 3 },
      4,
      { strategy: 'pack' as const, spec: { ...WITHOUT_VIEW, sample: { rows: 300 } } },
    ],
    [
      'joined, by text',
      { characters: 1, most: 4200 },
      2,
      { strategy: 'join' as const, spec: { ...WITHOUT_VIEW, sample: { rows: 301 } } },
    ],
    ['of whole days, by columns', { columns: 1, most: 16 }, 3, { spec: { ...WITHOUT_VIEW, sample: days } }],
  ])('%s', async (_, complexity, statements, choices) => {
    const one = await contentOf(choices);
    expect(one.statements).toBe(1);
    limits.complexity = complexity;
    expect(await contentOf(choices)).toEqual({ ...one, statements });
  });
});

it('what all pairs share is split as well, and gives the same', async () => {
  const spec = { ...WITHOUT_VIEW, pairs: ['eurusd', 'gbpusd'], sample: { rows: 250 } };
  const contentOfShared = async () => {
    const { sql, fetched } = await stack.fetchOnce(stack.bigQuery, spec);
    const dataset = await openDataset(fetched.path);
    const { contentSha256 } = dataset.meta;
    dataset.close();
    return { statements: sql.length, contentSha256 };
  };
  const one = await contentOfShared();
  expect(one.statements).toBe(2);
  limits.complexity = { tables: 1, most: 4 };
  const split = await contentOfShared();
  expect(split.statements).toBeGreaterThan(3);
  expect(split.contentSha256).toBe(one.contentSha256);
});

it('a view that is too complex alone costs itself, with its reason in the ledger', async () => {
  limits.complexity = { tables: 1, most: 12 };
  const planned = await stack.plan(stack.bigQuery);
  expect(planned.statements).toHaveLength(1);
  const excluded = planned.universe.columns.filter(({ table }) => table.name === 'var_view');
  expect(excluded.map(({ exclusion }) => exclusion)).toEqual(
    Array(2).fill({ code: 'refused_table', facts: { refusal: 'complexity' } }),
  );
  expect(planned.notes).toContainEqual(
    expect.objectContaining({
      why: {
        code: 'table_refused',
        facts: expect.objectContaining({ table: expect.stringContaining('var_view') }),
      },
    }),
  );
});

it('a statement that cannot be run is halved in the next plan, and the others are not run again', async () => {
  limits.complexity = { tables: 1, most: 6 };
  const known = new KnownSplits({ warehouse: 'bigquery:p' });
  const choices = { known, cache: stack.newCache(), spec: { ...WITHOUT_VIEW, sample: { rows: 333 } } };
  const before = stack.fetchJobs().length;
  const planned = await stack.plan(stack.bigQuery, choices);
  expect(planned.statements).toHaveLength(2);
  stack.fake.inject({ on: 'insert', kind: 'jobResourcesExceeded', after: 1 });
  await expect(stack.fetchPlanned(stack.bigQuery, planned, choices)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('statement 2 of 2 of eurusd'),
    remedy: expect.stringMatching(/Resume the run: eurusd is planned again in 3 statements/),
  });
  const next = await stack.plan(stack.bigQuery, choices);
  expect(next.datasetId).toBe(planned.datasetId);
  expect(next.statements[0]!.statement).toEqual(planned.statements[0]!.statement);
  const { statementsRun } = await stack.fetchPlanned(stack.bigQuery, next, choices);
  expect(statementsRun).toBe(3);
  const jobs = stack.fetchJobs().slice(before);
  expect(jobs.map((job) => job.error?.reason ?? job.state)).toEqual([
    'DONE',
    'resourcesExceeded',
    'DONE',
    'DONE',
  ]);
  expect(jobs[1]!.bytesBilled).toBe(0n);
});
