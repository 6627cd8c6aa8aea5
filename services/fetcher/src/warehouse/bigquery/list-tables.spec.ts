import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listTables } from './list-tables.js';
import { MetadataMemory } from './metadata-memory.js';
import { findRecordings, kindOf, readRecordings } from './testing/bigquery-recordings.js';
import { type ReplayServer, startReplayServer } from './testing/replay-server.js';

let server: ReplayServer;
beforeAll(async () => {
  server = await startReplayServer();
});
afterAll(() => server.close());

const named = (tableId: string) => ({
  tableReference: { projectId: 'p', datasetId: 'd', tableId },
  type: 'TABLE',
});
const FIELDS = [
  { name: 'interval_time', type: 'TIMESTAMP' },
  { name: 'a', type: 'FLOAT', mode: 'NULLABLE' },
  { name: 'n', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'l', type: 'FLOAT', mode: 'REPEATED' },
  { name: 'r', type: 'RECORD', fields: [] },
];
const TABLE = {
  body: {
    type: 'TABLE',
    numRows: '12',
    lastModifiedTime: '99',
    schema: { fields: FIELDS },
    timePartitioning: { type: 'DAY', field: 'interval_time' },
  },
};
const VIEW = { body: { type: 'VIEW', lastModifiedTime: '98', schema: { fields: [FIELDS[1]] } } };
const GONE = { status: 404, body: { error: { code: 404, message: 'Not found: Table' } } };

it('reads columns, rows, changes and partitioning, page by page, without what goes meanwhile', async () => {
  server.send(
    { body: { tables: [named('t')], nextPageToken: 'x', totalItems: 3 } },
    { body: { tables: [named('v'), named('gone')] } },
    TABLE,
    VIEW,
    GONE,
  );
  const { states, catalogued } = await listTables(server.api(), ['d']);
  expect(catalogued.tables).toMatchObject([
    { schema: 'd', name: 't', rows: 12, version: '99' },
    { schema: 'd', name: 'v', rows: -1, version: '98', columns: [{ name: 'a', type: 'FLOAT64' }] },
  ]);
  expect(catalogued.tables[0]!.columns.map(({ type, kind }) => `${type} ${kind}`)).toEqual([
    'TIMESTAMP time',
    'FLOAT64 number',
    'INT64 number',
    'ARRAY<FLOAT64> other',
    'STRUCT other',
  ]);
  expect(catalogued.partitionedBy).toEqual(new Map([['d.t', 'interval_time']]));
  expect(states.get('d.t')).toEqual({ dataset: 'd', table: 't', rows: 12, lastModified: '99' });
});

const missing = (code: 'NOT_FOUND' | 'UNAVAILABLE' | 'PERMISSION_DENIED', message: string) =>
  new OnescanError(code, `BigQuery: job j: ${message}`);
const memoryOf = () =>
  new MetadataMemory({ api: server.api(), project: 'my-project', keyColumn: 'interval_time' }, ['d']);

it.each([
  missing('NOT_FOUND', 'Not found: Table my-project:d.__TABLES__ was not found in location US'),
  missing('UNAVAILABLE', 'failed to analyze: Table not found: d.__TABLES__'),
])('stands in where there is no __TABLES__, and rows by day are counted then: %s', async (error) => {
  const asked: string[] = [];
  const query = async (sql: string): Promise<string[][]> => {
    asked.push(sql);
    if (sql.includes('__TABLES__')) throw error;
    return [['t', '20200101', '12']];
  };
  const memory = memoryOf();
  const answers = [{ body: { tables: [named('t')] } }, TABLE];
  server.send(...answers);
  const first = await memory.now(query);
  const days = await first.days({ schema: 'd', name: 't' }, query, () => []);
  expect(days).toEqual([{ day: '2020-01-01', rows: 12 }]);
  expect(asked[1]).toContain("FORMAT_DATE('%Y%m%d', DATE(`interval_time`))");
  server.send(...answers);
  expect(await memory.now(query)).toBe(first);
  expect(asked.filter((sql) => sql.includes('__TABLES__'))).toHaveLength(1);
});

it.each([
  missing('PERMISSION_DENIED', 'Access Denied: Table my-project:d.__TABLES__'),
  missing('NOT_FOUND', 'Not found: Dataset my-project:d was not found in location US'),
])('is not used when __TABLES__ cannot be read for another reason: %s', async (error) => {
  server.send({ body: {} });
  await expect(memoryOf().now(() => Promise.reject(error))).rejects.toBe(error);
  expect(server.requests).toEqual([]);
});

const recordings = readRecordings(findRecordings());
it.skipIf(recordings.length === 0)('reads the tables that the real service sent', async () => {
  const tables = recordings.filter((recording) => kindOf(recording) === 'table');
  expect(tables).toHaveLength(19);
  for (const { response } of tables) {
    server.send({ body: { tables: [response] } }, { body: response });
    const { catalogued } = await listTables(server.api(), ['d']);
    const { fields = [] } = (response.schema ?? {}) as { fields?: { name: string }[] };
    const [table] = catalogued.tables;
    // Of a view it says "0".
    expect(table!.rows).toBe(response.type === 'TABLE' ? Number(response.numRows) : -1);
    expect(table!.version).toBe(response.lastModifiedTime);
    expect(table!.columns.map(({ name }) => name)).toEqual(fields.map(({ name }) => name));
    const { field } = (response.timePartitioning ?? {}) as { field?: string };
    expect([...catalogued.partitionedBy.values()]).toEqual(field === undefined ? [] : [field]);
  }
});
