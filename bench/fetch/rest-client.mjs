// A process of its own: reads rows as users of Google's client do, page by page through getRows.
import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { cpuSeconds, peakGigabytes } from '../learn/cpu-seconds.mjs';

const { shape, servers, restRows } = JSON.parse(process.argv[2]);
process.env.BIGQUERY_EMULATOR_HOST = servers.rest;
const client = new BigQuery({ projectId: 'bench', authClient: new PassThroughClient() });
const table = client.dataset('d').table('t');
/** @type {object | null | undefined} */
let query = { autoPaginate: false, maxResults: shape.rows };
await table.getMetadata();
let rows = 0;
const start = { cpu: cpuSeconds(), wall: performance.now() };
while (rows < restRows && query) {
  const [page, next] = await table.getRows(query);
  if (Object.keys(page[0]).length !== shape.columns + 7) throw new Error('columns are missing');
  rows += page.length;
  query = next;
}
const wall = (performance.now() - start.wall) / 1000;
process.send({ rows, cpu: cpuSeconds() - start.cpu, wall, peakGb: peakGigabytes() });
process.disconnect();
