// FetchPair of a real fetcher process at full width on the fake BigQuery: whether it stays within its memory.
// node bench/fetch/whole-fetch.mjs [--quick] [--rows N] [--columns N] [--tables N] [--memoryMiB N] [--json]
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAnnouncement } from '@onescan/shared/announce.js';
import { FETCHER_NODE_FLAGS } from '@onescan/shared/fetcher-node-flags.js';
import {
  EstimatePairRequest,
  FetcherServiceClient,
  FetchPairRequest,
} from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { RunSpec } from '@onescan/shared/generated/onescan/v1/spec.js';
import { callServerStream, callUnary, createClient } from '@onescan/shared/grpc/client.js';
import { benchFlags } from '../learn/bench-flags.mjs';
import { printTable } from '../learn/print-table.mjs';

const flags = benchFlags({
  rows: { usual: 80_000, quick: 4000 },
  columns: { usual: 6477, quick: 1200 },
  tables: { usual: 668, quick: 120 },
  memoryMiB: { usual: 2048 },
});
const shape = { rows: flags.rows, columns: flags.columns, tables: flags.tables };
const names = { project: 'bqx-ml', features: 'bqx_ml_v3_features_v2', targets: 'bqx_ml_v3_analytics_v2' };
const spec = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: shape.rows } });
const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-whole-'));
/** The fake reads every value for an estimate. */
const ESTIMATE_MS = 1_200_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
let fake;
let fetcher;
try {
  fake = fork(here('fake-bigquery.mjs'), [JSON.stringify({ shape, folder, ...names })]);
  const [servers] = await once(fake, 'message');
  fetcher = startFetcher(servers);
  const { address } = await readAnnouncement(fetcher.stdout);
  await measure(createClient(FetcherServiceClient, address));
} finally {
  fetcher?.kill('SIGKILL');
  fake?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}

function startFetcher({ url, storageAddress }) {
  const args = [
    ...['--warehouse', `bigquery:${names.project}`, '--cache', join(folder, 'cache')],
    ...['--process-memory', `${flags.memoryMiB}MiB`],
  ];
  const env = { BIGQUERY_EMULATOR_HOST: url, BIGQUERY_STORAGE_EMULATOR_HOST: storageAddress };
  const main = here('../../services/fetcher/dist/main.js');
  return spawn(process.execPath, [...FETCHER_NODE_FLAGS, main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function measure(client) {
  const { plan } = await callUnary(
    client,
    client.estimatePair,
    EstimatePairRequest.fromPartial({ spec, pair: 'eurusd' }),
    { deadlineMs: ESTIMATE_MS },
  );
  const request = FetchPairRequest.fromPartial({
    ...{ runId: 'bench', spec, pair: 'eurusd', datasetId: plan.datasetId },
    maximumBytesBilled: plan.statements.map((statement) => statement.maximumBytesBilled),
  });
  const stages = new Map();
  let last = { ...processFigures(), at: performance.now() };
  let dataset;
  for await (const { message } of callServerStream(client, client.fetchPair, request)) {
    const now = { ...processFigures(), at: performance.now() };
    const stage = message?.$case === 'progress' ? message.value.stage : 'verify';
    const so = stages.get(stage) ?? { cpu: 0, wall: 0 };
    stages.set(stage, {
      cpu: so.cpu + now.cpu - last.cpu,
      wall: so.wall + (now.at - last.at) / 1000,
      peakMiB: now.peakMiB,
    });
    last = now;
    if (message?.$case === 'dataset') dataset = message.value;
  }
  if (dataset?.rows !== shape.rows || dataset.columns !== shape.columns) {
    throw new Error(`the dataset has ${dataset?.rows} rows and ${dataset?.columns} columns`);
  }
  const title = `FetchPair: ${dataset.rows} rows x ${dataset.columns} features of ${shape.tables} tables, limit ${flags.memoryMiB} MiB`;
  const rows = [...stages].map(([stage, { cpu, wall, peakMiB }]) => ({
    stage,
    'CPU s': cpu,
    'wall s': wall,
    'peak MiB so far': peakMiB,
  }));
  printTable(title, rows, flags.json);
  printTable(
    'The dataset',
    [{ 'file MB': Number(dataset.fileBytes) / 1e6, statements: dataset.statementsRun }],
    flags.json,
  );
}

/** CPU seconds and highest resident set of the fetcher, as Linux tells them. */
function processFigures() {
  const fields = readFileSync(`/proc/${fetcher.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${fetcher.pid}/status`, 'utf8');
  const TICKS = 100;
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
    peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024,
  };
}
