import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery, type BigQueryTimestamp } from '@google-cloud/bigquery';
import { BigQueryReadClient } from '@google-cloud/bigquery-storage';
import { credentials } from '@grpc/grpc-js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { StorageReader } from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-reader.js';
import { type Table, tableFromIPC } from 'apache-arrow';
import { PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeBigQuery, startFakeBigQuery } from './start-fake-bigquery.js';

/*
 * Google's clients and Arrow's own decoder against the fake, beside our client: what fake and client could
 * both have misunderstood would show here.
 */

const PROJECT = 'my-project';
const LOCATION = 'us-central1';
const ROWS = 1000;
const FROM = `FROM \`${PROJECT}\`.\`ds\`.\`bars\``;
/** Of the shape of our statements. */
const PACKED = `SELECT \`i\` AS row_index, MOD(\`i\`, 3) AS part,
  ARRAY<FLOAT64>[IFNULL(\`x\`, IEEE_DIVIDE(0,0)), CAST(\`i\` AS FLOAT64)] AS numbers,
  ARRAY<STRING>[IFNULL(CONCAT('=', \`word\`), '')] AS texts ${FROM}`;

process.env.METADATA_SERVER_DETECTION = 'none';

let folder: string;
let fake: FakeBigQuery;
let client: BigQuery;
let storage: BigQueryReadClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-real-clients-'));
  const databasePath = join(folder, 'tables.duckdb');
  const instance = await openDuckDb(databasePath);
  const connection = await instance.connect();
  await connection.run(`CREATE SCHEMA ds; CREATE TABLE ds.bars AS SELECT i,
    TIMESTAMP '2020-01-01' + to_minutes(i) AS interval_time,
    CASE WHEN i % 10 = 0 THEN NULL WHEN i = 11 THEN 'inf'::DOUBLE ELSE i / 7 END AS x,
    i % 2 = 0 AS even, CASE WHEN i % 4 > 0 THEN 'é' || i END AS word FROM range(${ROWS}) t(i)`);
  connection.closeSync();
  instance.closeSync();
  fake = await startFakeBigQuery({
    databasePath,
    project: PROJECT,
    maxPageBytes: 20_000,
    streamBlockRows: 64,
  });
  process.env.BIGQUERY_EMULATOR_HOST = fake.url;
  client = new BigQuery({ projectId: PROJECT, location: LOCATION, authClient: new PassThroughClient() });
  const [apiEndpoint, port] = fake.storageAddress.split(':');
  storage = new BigQueryReadClient({
    apiEndpoint: apiEndpoint!,
    port: Number(port),
    projectId: PROJECT,
    sslCreds: credentials.createInsecure(),
  });
});
afterAll(async () => {
  await storage.close();
  await fake.close();
  rmSync(folder, { recursive: true });
});

it('query() and getQueryResults() give rows of every type, page by page', async () => {
  const sql = `SELECT \`i\`, \`interval_time\`, \`x\`, \`even\`, \`word\` ${FROM} ORDER BY \`i\``;
  const [rows] = await client.query({ query: sql, location: LOCATION });
  const [job] = await client.createQueryJob({ query: sql, location: LOCATION });
  const [again] = await job.getQueryResults();
  expect(fake.requests.filter((path) => path.startsWith('GET /queries')).length).toBeGreaterThan(5);
  for (const list of [rows, again]) {
    expect(list).toHaveLength(ROWS);
    expect(list[10]).toMatchObject({ i: 10, x: null, even: true, word: 'é10' });
    expect(list[11]).toMatchObject({ i: 11, x: Number.POSITIVE_INFINITY, even: false, word: 'é11' });
    expect(list[16]).toMatchObject({ x: 16 / 7, word: null });
    expect((list[16].interval_time as BigQueryTimestamp).value).toBe('2020-01-01T00:16:00.000Z');
  }
});

it('query() fails with the reason, and its limit of bytes holds', async () => {
  const wrong = client.query({ query: 'SELECT nothing', location: LOCATION });
  await expect(wrong).rejects.toMatchObject({ errors: [{ reason: 'invalidQuery' }] });
  const dear = client.query({
    query: `SELECT COUNT(\`x\`) ${FROM}`,
    location: LOCATION,
    maximumBytesBilled: '1',
  });
  await expect(dear).rejects.toMatchObject({ errors: [{ reason: 'bytesBilledLimitExceeded' }] });
});

it("Google's Storage client and Arrow's decoder read what ours reads", async () => {
  const [job] = await client.createQueryJob({ query: PACKED, location: LOCATION });
  const [expected] = await job.getQueryResults();
  const { destinationTable } = job.metadata.configuration.query;
  const { projectId, datasetId, tableId } = destinationTable;
  const [session] = await storage.createReadSession({
    parent: `projects/${PROJECT}`,
    readSession: {
      table: `projects/${projectId}/datasets/${datasetId}/tables/${tableId}`,
      dataFormat: 'ARROW',
    },
    maxStreamCount: 3,
  });
  expect(session.streams).toHaveLength(3);
  const schema = session.arrowSchema!.serializedSchema as Uint8Array;
  const theirs: string[] = [];
  for (const { name } of session.streams!) {
    const all = await arrowTable(schema, name!, 0);
    theirs.push(...rowTexts(all));
    const rest = await arrowTable(schema, name!, 100);
    expect(rowTexts(rest)).toEqual(rowTexts(all).slice(100));
  }
  const ours: string[] = [];
  const reader = new StorageReader(
    PROJECT,
    { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
    { emulator: fake.storageAddress },
  );
  for await (const batch of reader.read({ projectId, datasetId, tableId }, ROWS)) {
    const [index, part] = [batch.integers('row_index'), batch.integers('part')];
    const [numbers, texts] = [batch.numberLists('numbers'), batch.textLists('texts')];
    for (let i = 0; i < batch.rows; i++) {
      const own = numbers.values.subarray(numbers.offsets[i], numbers.offsets[i + 1]);
      const words = texts.values.slice(texts.offsets[i], texts.offsets[i + 1]);
      ours.push(
        rowText(
          index[i]!,
          part[i]!,
          own,
          words.map((word) => (word === null ? '' : `=${word}`)),
        ),
      );
    }
  }
  reader.close();
  const parsed = expected.map((row) => rowText(row.row_index, row.part, row.numbers, row.texts));
  expect(theirs.toSorted()).toEqual(parsed.toSorted());
  expect(ours.toSorted()).toEqual(parsed.toSorted());
});

async function arrowTable(schema: Uint8Array, readStream: string, offset: number): Promise<Table> {
  const messages: Uint8Array[] = [schema];
  for await (const response of storage.readRows({ readStream, offset })) {
    messages.push(response.arrowRecordBatch.serializedRecordBatch);
  }
  return tableFromIPC(Buffer.concat(messages));
}

function rowTexts(table: Table): string[] {
  return table
    .toArray()
    .map((row) => rowText(row.row_index, row.part, row.numbers.toArray(), Array.from(row.texts)));
}

function rowText(
  row: number | bigint,
  part: number | bigint,
  numbers: Iterable<number>,
  texts: unknown[],
): string {
  return `${row} ${part} ${[...numbers].map(String).join(' ')} ${JSON.stringify(texts)}`;
}
