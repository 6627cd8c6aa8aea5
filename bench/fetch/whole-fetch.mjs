// FetchPair of a real fetcher process at full width on the fake BigQuery, and reading the dataset in another process:
// time and memory; every cell is compared.
// node bench/fetch/whole-fetch.mjs [--quick] [--rows N] [--columns N] [--tables N] [--memoryMiB N]
//   [--sharedGroups once|per-pair] [--json]
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  EstimatePairRequest,
  EstimateSharedRequest,
  FetcherServiceClient,
  FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { grantedRequest } from '@onescan/e2e/testing/granted-request.js';
import {
  FULL_SHARED_COLUMNS,
  FULL_WIDTH,
  WIDE_PAIRS,
} from '@onescan/e2e/testing/wide-warehouse/wide-shape.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { FETCHER_NODE_FLAGS } from '@onescan/process/fetcher-node-flags.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { benchFlags } from '../learn/bench-flags.mjs';
import { printTable } from '../learn/print-table.mjs';

const flags = benchFlags(
  {
    rows: { usual: FULL_WIDTH.rows, quick: 4000 },
    columns: { usual: FULL_WIDTH.columns, quick: 1200 },
    tables: { usual: FULL_WIDTH.tables, quick: 120 },
    memoryMiB: { usual: 2048 },
  },
  { sharedGroups: 'per-pair' },
);
const { rows, columns, tables, sharedGroups } = flags;
const isShared = sharedGroups === 'once';
const sharedColumns = Math.round((columns * FULL_SHARED_COLUMNS) / FULL_WIDTH.columns);
// Pairs whose keys differ, so that the shared dataset has more rows than theirs.
const shape = { rows, columns, tables, sharedColumns, laterKeys: isShared ? rows / 20 : 0 };
const names = { project: 'bqx-ml', features: 'bqx_ml_v3_features_v2', targets: 'bqx_ml_v3_analytics_v2' };
const [pair] = WIDE_PAIRS;
const spec = RunSpec.fromJSON({
  pairs: isShared ? WIDE_PAIRS : [pair],
  sample: { rows },
  sharedGroups: isShared ? 'SHARED_GROUPS_ONCE' : 'SHARED_GROUPS_PER_PAIR',
});
const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-whole-'));
const grantKey = join(folder, 'grant.key');
const ESTIMATE_MS = 300_000;
const TICKS = 100;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
let fake;
let fetcher;
try {
  fake = fork(here('fake-bigquery.mjs'), [JSON.stringify({ shape, folder, ...names })]);
  const [servers] = await once(fake, 'message');
  fetcher = startFetcher(servers);
  const { address } = await readAnnouncement(fetcher.stdout);
  const dataset = await measure(createClient(FetcherServiceClient, address));
  await readBack(dataset);
} finally {
  fetcher?.kill('SIGKILL');
  fake?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}

function startFetcher({ url, storageAddress }) {
  const args = [
    ...['--warehouse', `bigquery:${names.project}`, '--cache', join(folder, 'cache')],
    ...['--grant-key', grantKey, '--process-memory', `${flags.memoryMiB}MiB`],
  ];
  const env = { BIGQUERY_EMULATOR_HOST: url, BIGQUERY_STORAGE_EMULATOR_HOST: storageAddress };
  const main = here('../../services/fetcher/dist/main.js');
  return spawn(process.execPath, [...FETCHER_NODE_FLAGS, main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function measure(client) {
  const stages = new Map();
  let last = { ...processFigures(), at: performance.now() };
  const note = (stage) => {
    const now = { ...processFigures(), at: performance.now() };
    const so = stages.get(stage) ?? { cpu: 0, wall: 0, silence: 0 };
    const wall = (now.at - last.at) / 1000;
    stages.set(stage, {
      cpu: so.cpu + now.cpu - last.cpu,
      wall: so.wall + wall,
      silence: Math.max(so.silence, wall),
      peakMiB: now.peakMiB,
    });
    last = now;
  };
  const request = await plannedRequest(client);
  note('plan, both strategies');
  let dataset;
  let part = isShared ? 0 : 1;
  let stage = '';
  for await (const { message } of callServerStream(client, client.fetchPair, request)) {
    if (message?.$case === 'dataset') dataset = message.value;
    const next = message?.$case === 'progress' ? message.value.stage : 'verify';
    if (next === 'query' && stage !== '' && stage !== 'query') part++;
    stage = next;
    note(`${isShared ? ['shared: ', 'pair: '][part] : ''}${stage}`);
  }
  const ofShared = dataset.shared?.columns ?? 0;
  if (dataset.rows !== rows || dataset.columns !== columns) {
    throw new Error(
      `the dataset has ${dataset.rows} rows and ${dataset.columns} columns, shared ${ofShared}`,
    );
  }
  const title = `FetchPair: ${rows} rows x ${columns} features of ${tables} tables, limit ${flags.memoryMiB} MiB`;
  const measured = [...stages].map(([name, { cpu, wall, silence, peakMiB }]) => ({
    stage: name,
    'CPU s': cpu,
    'wall s': wall,
    'longest silence s': silence,
    'peak MiB so far': peakMiB,
  }));
  printTable(title, measured, flags.json);
  return dataset;
}

/** The request of what the fetcher plans. */
async function plannedRequest(client) {
  const deadline = { deadlineMs: ESTIMATE_MS };
  const limits = (plan) => plan.statements.map((statement) => statement.maximumBytesBilled);
  let shared = {};
  if (isShared) {
    const asked = EstimateSharedRequest.fromPartial({ spec });
    const { plan } = await callUnary(client, client.estimateShared, asked, deadline);
    shared = { sharedDatasetId: plan.datasetId, sharedMaximumBytesBilled: limits(plan) };
  }
  const { sharedDatasetId } = shared;
  const asked = EstimatePairRequest.fromPartial({ spec, pair, sharedDatasetId });
  const { plan } = await callUnary(client, client.estimatePair, asked, deadline);
  const request = FetchPairRequest.fromPartial({
    ...{ runId: 'bench', spec, pair, datasetId: plan.datasetId, maximumBytesBilled: limits(plan) },
    ...shared,
  });
  return grantedRequest(request, grantKey);
}

async function readBack(dataset) {
  const reader = fork(here('dataset-reader.mjs'), [JSON.stringify({ path: dataset.path, shape })]);
  const failed = once(reader, 'exit').then(([code]) => {
    throw new Error(`reading the dataset ended with code ${code}`);
  });
  failed.catch(() => undefined);
  const [{ read, cells }] = await Promise.race([once(reader, 'message'), failed]);
  const bytes = Number(dataset.fileBytes) + Number(dataset.shared?.fileBytes ?? 0);
  const row = {
    'file MB': bytes / 1e6,
    statements: dataset.statementsRun + (dataset.shared?.statementsRun ?? 0),
    'read: CPU s': read.cpu,
    'read: wall s': read.wall,
    'read: peak MiB': read.peakMiB,
    'cells compared': cells,
  };
  printTable('The dataset', [row], flags.json);
}

/** CPU seconds and highest resident set of the fetcher, as Linux tells them. */
function processFigures() {
  const fields = readFileSync(`/proc/${fetcher.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${fetcher.pid}/status`, 'utf8');
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
    peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024,
  };
}
