import { type Run, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import {
  DatasetRef,
  type EstimatePairResponse,
  type FetchPairResponse,
  type FetchProgress,
  QueryJob,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type PairPlan, Statement, StrategyEstimate } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { PAIRS } from '@onescan/contract/pair.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lies } from '../testing/scripted-fetcher.js';
import { TestStack } from '../testing/test-stack.js';

/** The pair that is lied about, and one of which nothing is said but the truth. */
const SPEC = { pairs: ['eurusd', 'gbpusd'], horizons: [15] };
const HUGE = 2n ** 64n - 1n;
const LONG = 'x'.repeat(20_000);

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
});
afterAll(() => stack.close());

/** A run while the fetcher lies; every test has a cache and a list of jobs of its own. */
async function lied(lies: Lies, spec: Partial<RunSpec> = SPEC): Promise<Run> {
  stack.fetcher.cached.clear();
  stack.fetcher.jobs.length = 0;
  stack.fetcher.script.lies = lies;
  return stack.complete(spec);
}

async function resumedHonestly({ runId }: Run): Promise<Run> {
  delete stack.fetcher.script.lies;
  await callUnary(stack.client, stack.client.resumeRun, { runId });
  const state = async (): Promise<RunState> => (await stack.getRun(runId)).state;
  await expect.poll(state, { timeout: 20_000 }).toBe(RunState.RUN_STATE_COMPLETED);
  return stack.getRun(runId);
}

const plan = (change: Partial<PairPlan>) => (answer: EstimatePairResponse) => ({
  ...answer,
  plan: { ...answer.plan!, ...change },
});
const statement = (change: Partial<Statement>) => (answer: EstimatePairResponse) =>
  plan({ statements: [{ ...answer.plan!.statements[0]!, ...change }] })(answer);
const strategy = (change: Partial<StrategyEstimate>) =>
  plan({ strategies: [StrategyEstimate.create(change)] });

describe('an estimate that lies', () => {
  test.each<[string, (answer: EstimatePairResponse) => EstimatePairResponse]>([
    ['it has no plan', (answer) => ({ ...answer, plan: undefined })],
    ['pair is "usdjpy"', plan({ pair: 'usdjpy' })],
    ['dataset_id is "../../x"', plan({ datasetId: '../../x' })],
    ['served_from is "near"', plan({ servedFrom: 'near' })],
    ['rows is 0', plan({ rows: 0 })],
    ['rows is 4294967295', plan({ rows: 2 ** 32 - 1 })],
    ['columns is 4294967295', plan({ columns: 2 ** 32 - 1 })],
    ['included_columns is 5', plan({ includedColumns: 5 })],
    ['exclusions is 0', plan({ exclusions: [] })],
    [
      'exclusions name a column twice',
      plan({
        includedColumns: 2,
        exclusions: [1, 2].map(() => ({ featureId: 'a.b', stage: '', reason: '' })),
      }),
    ],
    ['exclusions.reason has 20000', plan({ exclusions: [{ featureId: 'a', stage: 'plan', reason: LONG }] })],
    [
      'exclusions: a has no reason "constant"',
      plan({
        exclusions: [{ featureId: 'a', stage: 'plan', reason: '', why: { code: 'constant', facts: {} } }],
      }),
    ],
    [
      'notes: one has the reason rare_family with facts that do not fit: pair',
      plan({ notes: [{ kind: '', text: '', severity: 0, why: { code: 'rare_family', facts: {} } }] }),
    ],
    ['tables is 4294967295', plan({ tables: 2 ** 32 - 1 })],
    ['usd is NaN', plan({ usd: Number.NaN })],
    ['usd is Infinity', plan({ usd: Number.POSITIVE_INFINITY })],
    ['usd is -1', plan({ usd: -1 })],
    ['usd is 0.1', plan({ usd: 0.1 })],
    [`bytes is ${HUGE}`, plan({ bytes: HUGE })],
    ['bytes is 1, its statements read', plan({ bytes: 1n })],
    [`statements.bytes is ${HUGE}`, statement({ bytes: HUGE })],
    ['statements.maximum_bytes_billed is 0', statement({ maximumBytesBilled: 0n })],
    [`statements.maximum_bytes_billed is ${HUGE}`, statement({ maximumBytesBilled: HUGE })],
    ['statements.sql_sha256 is ""', statement({ sqlSha256: '' })],
    ['statements has 10001', plan({ statements: Array.from({ length: 10_001 }, () => Statement.create()) })],
    ['notes.text has 20000', plan({ notes: [{ kind: 'k', text: LONG, severity: 0 }] })],
    ['notes.severity is NaN', plan({ notes: [{ kind: 'k', text: 't', severity: Number.NaN }] })],
    ['strategies.usd is NaN', strategy({ usd: Number.NaN })],
    [`strategies.bytes is ${HUGE}`, strategy({ bytes: HUGE })],
    [`per_pair_bytes is ${HUGE}`, plan({ perPairBytes: HUGE })],
    ['catalogue does not have the hash', plan({ catalogueSha256: 'f'.repeat(64) })],
    ['price_per_tib_usd is NaN', (answer) => ({ ...answer, pricePerTibUsd: Number.NaN })],
    ['price_per_tib_usd is -6', (answer) => ({ ...answer, pricePerTibUsd: -6 })],
    ['warehouse has 20000', (answer) => ({ ...answer, warehouse: LONG })],
    ['warehouse_name has 20000', (answer) => ({ ...answer, warehouseName: LONG })],
    [`metadata_bytes is ${HUGE}`, (answer) => ({ ...answer, metadataBytes: HUGE })],
    [
      'sample_rows.bar_steps is 7',
      (answer) => ({ ...answer, sampleRows: { barSteps: Array(7).fill(1), usable: [] } }),
    ],
  ])('fails the plan by name: %s', async (field, lie) => {
    const run = await lied({ estimate: (answer) => (answer.plan?.pair === 'eurusd' ? lie(answer) : answer) });
    expect(run.state).toBe(RunState.RUN_STATE_FAILED);
    expect(run.problemReasons[0]).toMatchObject({
      code: 'planning_failed',
      facts: { words: expect.stringContaining(`the fetcher's answer for eurusd is not valid: ${field}`) },
    });
  });

  test('is told again when the fetcher is sound', async () => {
    const run = await lied({ estimate: plan({ usd: Number.NaN }) });
    expect(await resumedHonestly(run)).toMatchObject({ state: RunState.RUN_STATE_COMPLETED, problems: [] });
  });
});

describe('a fetch that lies', () => {
  /** What is changed of the answers for one pair. */
  interface Lie {
    ref?: Partial<DatasetRef>;
    progress?: Partial<FetchProgress>;
    job?: Partial<QueryJob>;
    stream?: () => AsyncIterable<FetchPairResponse>;
  }
  const sound: FetchProgress = { stage: 'query', done: 1n, total: 2n, rssBytes: 0n };
  const wide = { featureId: 'a.b', gap: 2 };
  const LIES: [string, Lie][] = [
    ['dataset_id is "ffff', { ref: { datasetId: 'f'.repeat(64) } }],
    ['pair is "another"', { ref: { pair: 'another' } }],
    ['content_sha256 is ""', { ref: { contentSha256: '' } }],
    ['path is not absolute', { ref: { path: 'near.duckdb' } }],
    ['path has 20000', { ref: { path: `/${LONG.slice(1)}` } }],
    ['rows is 1001', { ref: { rows: 1001 } }],
    ['rows is 0', { ref: { rows: 0 } }],
    ['columns is 4', { ref: { columns: 4 } }],
    [`file_bytes is ${HUGE}`, { ref: { fileBytes: HUGE } }],
    [`bytes_billed is ${HUGE}`, { ref: { bytesBilled: HUGE } }],
    ['usd is NaN', { ref: { usd: Number.NaN } }],
    ['usd is -0.25', { ref: { usd: -0.25 } }],
    ['usd is 1000', { ref: { usd: 1_000 } }],
    ['statements_run is 4294967295', { ref: { statementsRun: 2 ** 32 - 1 } }],
    ['statements_run is 1', { ref: { cached: true } }],
    ['derived_from is "x"', { ref: { derivedFrom: 'x' } }],
    ['referenced_by is "x"', { ref: { referencedBy: ['x'] } }],
    ['targets has 20000', { ref: { targets: [LONG] } }],
    ['shared was not asked for', { ref: { shared: DatasetRef.create() } }],
    ['rounded.count is 4', { ref: { rounded: { count: 4, widest: [] } } }],
    ['rounded.widest has 2', { ref: { rounded: { count: 1, widest: Array(2).fill(wide) } } }],
    [
      'rounded.feature_id has 20000',
      { ref: { rounded: { count: 1, widest: [{ featureId: LONG, gap: 2 }] } } },
    ],
    ['rounded.gap is NaN', { ref: { rounded: { count: 1, widest: [{ ...wide, gap: Number.NaN }] } } }],
    ['missed_tables has 21', { ref: { missedTables: Array(21).fill({ table: 'a', missed: 1 }) } }],
    ['missed_tables.missed is 2', { ref: { missedTables: [{ table: 'a', missed: 2 }] } }],
    [`jobs.bytes_billed is ${HUGE}`, { job: { bytesBilled: HUGE } }],
    [`jobs.maximum_bytes_billed is ${HUGE}`, { job: { maximumBytesBilled: HUGE } }],
    ['jobs.usd is NaN', { job: { usd: Number.NaN } }],
    ['jobs.usd is -1', { job: { usd: -1 } }],
    ['jobs.run_id is "other"', { job: { runId: 'other' } }],
    ['jobs.sqlSha256 has 20000', { job: { sqlSha256: LONG } }],
    ['progress.stage is no word', { progress: { stage: LONG } }],
    [`progress.total is ${HUGE}`, { progress: { total: HUGE } }],
    [`progress.done is ${HUGE}`, { progress: { done: HUGE } }],
    [`progress.rss_bytes is ${HUGE}`, { progress: { rssBytes: HUGE } }],
    ['it ended without a dataset', { stream: async function* () {} }],
    [
      'it sends more than 50 messages a second',
      {
        stream: async function* () {
          for (;;) yield { message: { $case: 'progress', value: sound } };
        },
      },
    ],
  ];
  const [honest, ...others] = PAIRS as readonly string[];
  const half = Math.ceil(LIES.length / 2);

  test.each([
    ['one half', LIES.slice(0, half)],
    ['the other half', LIES.slice(half)],
  ])('fails each pair by the name of its field and no other: %s', async (_, lies) => {
    const of = new Map(lies.map(([, lie], i) => [others[i]!, lie]));
    const spec = { pairs: [honest!, ...of.keys()], horizons: [15], budgetUsd: 5 };
    const run = await lied(
      {
        dataset: (answer) => ({ ...answer, ...of.get(answer.pair)?.ref }),
        progress: (answer, pair) => ({ ...answer, ...of.get(pair)?.progress }),
        jobs: (jobs, runId) => [
          ...jobs,
          ...[...of].flatMap(([pair, { job }]) =>
            job ? [QueryJob.create({ jobId: pair, runId, pair, ...job })] : [],
          ),
        ],
        stream: (pair) => of.get(pair)?.stream?.(),
      },
      spec,
    );
    expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
    expect(run.problemReasons).toHaveLength(lies.length);
    for (const [i, [field]] of lies.entries()) {
      const error = expect.stringContaining(`the fetcher's answer for ${others[i]} is not valid: ${field}`);
      expect(run.problemReasons[i]?.facts).toMatchObject({
        pair: others[i],
        horizons: [15],
        state: 'failed',
        error,
      });
    }
    expect(run.usdBilled).toBeLessThanOrEqual(0.25 * spec.pairs.length);
  });

  test('is fetched when the fetcher is sound again, and paid for once', async () => {
    const run = await lied({ dataset: (answer) => ({ ...answer, usd: Number.NaN }) });
    expect(run.state).toBe(RunState.RUN_STATE_FAILED);
    expect(await resumedHonestly(run)).toMatchObject({ problems: [], usdBilled: 0.5 });
    expect(stack.fetcher.jobs).toHaveLength(2);
  });
});
