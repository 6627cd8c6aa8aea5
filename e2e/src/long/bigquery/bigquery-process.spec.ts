import { join } from 'node:path';
import {
  FetcherServiceClient,
  type FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { BigQueryStack, PROJECT } from '../../bigquery/bigquery-stack.js';
import type { QueryLimits } from '../../fake-bigquery/analyze-statement.js';
import { grantedRequest } from '../../granted-request.js';
import { ServiceProcess } from '../../service-process.js';

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 } });
const SECRET = 'not-to-be-logged-8c1f';

let stack: BigQueryStack;
let fetcher: ServiceProcess;
let client: FetcherServiceClient;
let starts = 0;
const limits: { -readonly [K in keyof QueryLimits]?: QueryLimits[K] } = {};
beforeAll(async () => {
  stack = await BigQueryStack.start({ limits });
});
beforeEach(start);
afterEach(async () => {
  client.close();
  await fetcher.stop();
});
afterAll(() => stack.stop());

async function start(): Promise<void> {
  fetcher = new ServiceProcess({
    service: 'fetcher',
    args: [
      ...[
        '--warehouse',
        `bigquery:${PROJECT}`,
        '--location',
        'us-central1',
        '--cache',
        join(stack.folder, 'cache'),
      ],
      ...['--features-dataset', 'bqx_ml_v3_features_v2', '--targets-dataset', 'bqx_ml_v3_analytics_v2'],
      ...['--orphan-grace-ms', '0', '--grant-key', join(stack.folder, 'grant.key')],
    ],
    logPath: join(stack.folder, `fetcher-${++starts}.log`),
    env: {
      BIGQUERY_EMULATOR_HOST: stack.fake.url,
      BIGQUERY_STORAGE_EMULATOR_HOST: stack.fake.storageAddress,
      GOOGLE_APPLICATION_CREDENTIALS: `/nowhere/${SECRET}.json`,
      ONESCAN_LOG_LEVEL: 'trace',
    },
  });
  client = createClient(FetcherServiceClient, await fetcher.address());
}

async function request(spec = SPEC, runId = 'run-7'): Promise<FetchPairRequest> {
  const { plan } = await callUnary(client, client.estimatePair, {
    spec,
    pair: 'eurusd',
    sharedDatasetId: '',
  });
  const wanted = {
    runId,
    spec,
    pair: 'eurusd',
    planHash: 'f'.repeat(64),
    datasetId: plan!.datasetId,
    maximumBytesBilled: plan!.statements.map((statement) => statement.maximumBytesBilled),
    approvedStatements: {
      sqlSha256: plan!.statements.map(({ sqlSha256 }) => sqlSha256),
      sharedSqlSha256: [],
    },
    cachedOnly: false,
    traceparent: '',
    sharedDatasetId: '',
    sharedMaximumBytesBilled: [],
  };
  return grantedRequest(wanted, join(stack.folder, 'grant.key'));
}

async function fetch(wanted: FetchPairRequest) {
  for await (const { message } of callServerStream(client, client.fetchPair, wanted)) {
    if (message?.$case === 'dataset') return message.value;
  }
  throw new Error('the stream ended without a dataset');
}

it('plans without billing data, and after kill -9 in the middle of a job pays once', async () => {
  const estimate = await callUnary(client, client.estimatePair, {
    spec: SPEC,
    pair: 'eurusd',
    sharedDatasetId: '',
  });
  expect(estimate).toMatchObject({ warehouse: 'bigquery', plan: { rows: 900, statements: [{ tables: 9 }] } });
  expect(stack.fetchJobs()).toEqual([]);

  const wanted = await request();
  const before = stack.fake.jobs().length;
  await expect(fetch({ ...wanted, grant: undefined })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  await expect(fetch({ ...wanted, planHash: 'e'.repeat(64) })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  });
  // Not even metadata.
  expect(stack.fake.jobs()).toHaveLength(before);
  // After the query that looks whether tables have changed.
  stack.fake.inject({ on: 'insert', kind: 'stuck', after: 1 });
  const lost = fetch(wanted).catch((thrown: unknown) => thrown);
  await expect.poll(() => stack.fetchJobs().length, { timeout: 20_000 }).toBe(1);
  fetcher.kill('SIGKILL');
  expect(await fetcher.exited).toBe('signal SIGKILL');
  expect(await lost).toMatchObject({ code: 'UNAVAILABLE' });
  client.close();

  await stack.fake.release();
  await start();
  const ref = await fetch(wanted);
  const [job, ...others] = stack.fetchJobs();
  expect(others).toEqual([]);
  expect(job!.configuration.labels).toEqual({ run: 'run-7', pair: 'eurusd', plan_hash: 'f'.repeat(63) });
  expect(ref).toMatchObject({ rows: 900, statementsRun: 1, bytesBilled: job!.bytesBilled });
  const { jobs } = await callUnary(client, client.listQueryJobs, { runId: 'run-7' });
  const statements = jobs.filter(({ purpose }) => purpose === 'fetch');
  expect(statements).toMatchObject([{ jobId: job!.id, state: 'done', bytesBilled: job!.bytesBilled }]);
  expect(jobs.length).toBeGreaterThan(statements.length);
  expect((await fetch(wanted)).statementsRun).toBe(0);
  const repeatable = async (): Promise<boolean[]> => {
    const listed = await callUnary(client, client.listQueryJobs, { runId: 'run-7', checkResults: true });
    return listed.jobs.filter(({ purpose }) => purpose === 'fetch').map((each) => each.repeatable);
  };
  expect(await repeatable()).toEqual([true]);
  stack.fake.expireResults();
  expect(await repeatable()).toEqual([false]);
  // Metadata queries of planning have no run.
  const all = (await callUnary(client, client.listQueryJobs, { runId: '' })).jobs;
  const ledger = Object.fromEntries(all.map(({ jobId, bytesBilled }) => [jobId, bytesBilled]));
  expect(ledger).toEqual(
    Object.fromEntries(stack.fake.jobs().map(({ id, bytesBilled }) => [id, bytesBilled])),
  );
  expect(fetcher.log()).not.toContain(SECRET);

  // An answer that never comes keeps nothing waiting.
  stack.fake.inject({ on: 'dryRun', kind: 'unanswered' });
  const given = { spec: RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 901 } }), pair: 'eurusd' };
  callUnary(client, client.estimatePair, { ...given, sharedDatasetId: '' }).catch(() => undefined);
  await expect.poll(() => stack.fake.pendingFaults(), { timeout: 20_000 }).toBe(0);
  client.close();
  fetcher.kill('SIGTERM');
  expect(await fetcher.exited).toBe('code 0');
});

it('kill -9 between the statements of a pair that is too complex for one: what is done is not paid again', async () => {
  limits.complexity = { tables: 1, most: 6 };
  const before = stack.fetchJobs().length;
  const wanted = await request(RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 950 } }), 'run-8');
  expect(wanted.maximumBytesBilled).toHaveLength(2);
  stack.fake.inject({ on: 'insert', kind: 'stuck', after: 2 });
  const lost = fetch(wanted).catch((thrown: unknown) => thrown);
  const jobs = () => stack.fetchJobs().slice(before);
  await expect.poll(() => jobs().map(({ state }) => state), { timeout: 20_000 }).toEqual(['DONE', 'RUNNING']);
  fetcher.kill('SIGKILL');
  expect(await lost).toMatchObject({ code: 'UNAVAILABLE' });
  client.close();
  await stack.fake.release();
  await start();
  expect(await fetch(wanted)).toMatchObject({ rows: 950, statementsRun: 2 });
  expect(jobs().map(({ state }) => state)).toEqual(['DONE', 'DONE']);

  // Others than the approved statements are not run.
  limits.complexity = { tables: 1, most: 4 };
  const spec = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 960 } });
  const three = await request(spec);
  expect(three.maximumBytesBilled).toHaveLength(3);
  const approvedStatements = { sqlSha256: wanted.approvedStatements!.sqlSha256, sharedSqlSha256: [] };
  await expect(fetch({ ...three, approvedStatements })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('takes eurusd in 3 statements now, 2 were approved'),
  });
  expect(jobs()).toHaveLength(2);
});
