// A process of its own: reads the packed result as the fetcher does, spools it, writes the dataset.
import { rmSync } from 'node:fs';
import { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { writeDataset } from '@onescan/dataset/write-dataset.js';
import { candidateColumns } from '@onescan/fetcher/testing/fetch/candidate-columns.js';
import { DatasetReceiver } from '@onescan/fetcher/testing/fetch/dataset-receiver.js';
import { StorageReader } from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-reader.js';
import { cpuSeconds, peakGigabytes } from '../learn/cpu-seconds.mjs';
import { plannedPair } from './bench-query.mjs';
import { cellValue, keyOf } from './packed-shape.mjs';

const { shape, servers, folder } = JSON.parse(process.argv[2]);
/** @type {any} Of a plan it has what is looked at here. */
const planned = plannedPair(shape);
const path = `${folder}/eurusd.duckdb`;
const stages = {};
let last = { cpu: cpuSeconds(), wall: performance.now() };
function stage(name) {
  const now = { cpu: cpuSeconds(), wall: performance.now() };
  stages[name] = { cpu: now.cpu - last.cpu, wall: (now.wall - last.wall) / 1000, peakGb: peakGigabytes() };
  last = now;
}

const policy = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };
const reader = new StorageReader('bench', policy, { emulator: servers.storage });
const spool = new DatasetSpool(`${folder}/spool`);
const table = { projectId: 'bench', datasetId: 'd', tableId: 't' };
const batches = reader.read(table, servers.resultRows);
const receiver = new DatasetReceiver(spool, { atLeast: shape.rows, atMost: shape.rows });
await receiver.receive(planned, batches, () => undefined);
reader.close();
stage('receive, decode, spool');
const { keys, bar, persistence, targets, knownParts } = receiver.sample;
const columns = candidateColumns(planned.universe, receiver.parts);
await writeDataset(
  path,
  {
    ...{ datasetId: planned.datasetId, pair: planned.pair, targetWindow: 45, identity: '{}', sql: '' },
    ...{ jobId: 'bench', bytesBilled: 0n, usd: 0, createdAt: '' },
    ...{ keys, bar, persistence, targets, knownParts, columns, spool: spool.index() },
  },
  {},
);
stage('write and verify the dataset');
spool.dispose();
const checked = await check();
rmSync(path);
process.send({ stages, checked });
process.disconnect();

/** Every key, and every cell of one column of each table, against what the server made up. */
async function check() {
  const dataset = await openDataset(path);
  const { time } = await dataset.readKeys();
  let cells = 0;
  const same = (found, wanted, what) => {
    cells++;
    if (Object.is(found, wanted) || found === wanted) return;
    throw new Error(`${what}: ${found} where ${wanted} was sent`);
  };
  for (const [row, t] of time.entries()) same(t, keyOf(row) / 1000, `key ${row}`);
  // The made-up values repeat: some columns follow a target and are left out, so places are not those of the shape.
  const firsts = new Map();
  dataset.included.forEach(({ featureId }, at) => {
    const [, table, column] = /^t(\d+)\.c(\d+)$/.exec(featureId) ?? [];
    if (column === '0') firsts.set(at, Number(table));
  });
  await dataset.readFeatures((at, values) => {
    const t = firsts.get(at);
    if (t === undefined) return;
    for (let row = 0; row < values.length; row++) {
      same(values[row], Math.fround(cellValue(t + 1, 0, row)), `t${t}.c0 row ${row}`);
    }
  });
  dataset.close();
  return cells;
}
