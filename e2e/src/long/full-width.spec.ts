import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EstimatePairRequest,
  FetcherServiceClient,
  FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeBigQuery, startFakeBigQuery } from '../fake-bigquery/start-fake-bigquery.js';
import { TcpProxy } from '../faults/tcp-proxy.js';
import { grantedRequest } from '../granted-request.js';
import { ServiceProcess } from '../service-process.js';
import { buildWideWarehouse } from '../wide-warehouse/build-wide-warehouse.js';
import { checkWideDataset } from '../wide-warehouse/check-wide-dataset.js';
import { FULL_WIDTH } from '../wide-warehouse/wide-shape.js';

const PROJECT = 'bqx-ml';
const SCHEMAS = { features: 'bqx_ml_v3_features_v2', targets: 'bqx_ml_v3_analytics_v2' };
const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: FULL_WIDTH.rows } });
const RUN = 'run-at-full-width';
/** Where the connection breaks: within a record batch, early in the gigabytes that are to come. */
const BREAK_AFTER_BYTES = 700_000_001;
const MINUTES = 60_000;

let folder: string;
let fake: FakeBigQuery;
let proxy: TcpProxy;
let fetcher: ServiceProcess;
let client: FetcherServiceClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-full-width-'));
  const databasePath = join(folder, 'warehouse.duckdb');
  await buildWideWarehouse(databasePath, FULL_WIDTH, SCHEMAS);
  fake = await startFakeBigQuery({
    ...{ databasePath, project: PROJECT },
    resultsPath: join(folder, 'results.duckdb'),
    streamBlockRows: 122_880,
    databaseSettings: { memory_limit: '4GB', temp_directory: join(folder, 'spill') },
  });
  proxy = await TcpProxy.start(fake.storageAddress);
  fetcher = new ServiceProcess({
    service: 'fetcher',
    args: [
      ...['--warehouse', `bigquery:${PROJECT}`, '--location', 'us-central1'],
      ...['--cache', join(folder, 'cache'), '--process-memory', '2GB'],
      ...['--grant-key', join(folder, 'grant.key')],
    ],
    logPath: join(folder, 'fetcher.log'),
    env: { BIGQUERY_EMULATOR_HOST: fake.url, BIGQUERY_STORAGE_EMULATOR_HOST: proxy.address },
  });
  client = createClient(FetcherServiceClient, await fetcher.address());
}, 20 * MINUTES);

afterAll(async () => {
  client?.close();
  await fetcher?.stop();
  proxy?.close();
  await fake?.close();
  rmSync(folder, { recursive: true });
}, MINUTES);

async function fetch(request: FetchPairRequest) {
  for await (const { message } of callServerStream(client, client.fetchPair, request)) {
    if (message?.$case === 'dataset') return message.value;
  }
  throw new Error('the stream ended without a dataset');
}

/** Highest resident set that the fetcher ever had, in bytes. */
function peakBytes(): number {
  const status = readFileSync(`/proc/${fetcher.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024;
}

test(
  '80,000 rows x 6,477 features of 668 tables: within 2 GB, every cell right, billed once',
  async () => {
    const asked = EstimatePairRequest.fromPartial({ spec: SPEC, pair: 'eurusd' });
    const { plan } = await callUnary(client, client.estimatePair, asked, { deadlineMs: 5 * MINUTES });
    expect(plan).toMatchObject({ rows: FULL_WIDTH.rows, columns: FULL_WIDTH.columns });
    expect(plan!.statements).toHaveLength(1);
    const { maximumBytesBilled } = plan!.statements[0]!;

    proxy.breakAfter(BREAK_AFTER_BYTES);
    const wanted = FetchPairRequest.fromPartial({
      ...{ runId: RUN, spec: SPEC, pair: 'eurusd', datasetId: plan!.datasetId },
      maximumBytesBilled: [maximumBytesBilled],
    });
    const dataset = await fetch(grantedRequest(wanted, join(folder, 'grant.key')));
    expect(proxy.breaks).toBe(1);
    expect(peakBytes()).toBeLessThan(2e9);

    const jobs = fake.jobs().filter(({ configuration: { labels } }) => labels?.purpose !== 'metadata');
    expect(jobs).toHaveLength(1);
    const { id: jobId, bytesBilled } = jobs[0]!;
    expect(bytesBilled).toBeLessThanOrEqual(maximumBytesBilled);
    expect(dataset).toMatchObject({ rows: FULL_WIDTH.rows, columns: FULL_WIDTH.columns, bytesBilled });
    const listed = await callUnary(client, client.listQueryJobs, { runId: RUN });
    const statements = listed.jobs.filter(({ purpose }) => purpose === 'fetch');
    expect(statements).toMatchObject([{ jobId, bytesBilled, state: 'done', billingUnknown: false }]);

    const open = await openDataset(dataset.path, { expectedId: plan!.datasetId });
    expect(await checkWideDataset(open, FULL_WIDTH)).toBe(FULL_WIDTH.rows * FULL_WIDTH.columns);
    open.close();
    expect(await fetch(wanted)).toMatchObject({ cached: true, statementsRun: 0 });
    expect(peakBytes()).toBeLessThan(2e9);
  },
  20 * MINUTES,
);
