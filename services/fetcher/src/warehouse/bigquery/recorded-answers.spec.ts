import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cell } from './api-answers.js';
import { billedBytes, readPages, resultTable } from './read-result.js';
import { nullableText, RestBatch } from './rest-batch.js';
import {
  findRecordings,
  type Json,
  kindOf,
  MET,
  NOT_MET,
  type Recording,
  type RecordingKind,
  readRecordings,
} from './testing/bigquery-recordings.js';
import { type ReplayServer, startReplayServer } from './testing/replay-server.js';

const FOLDER = findRecordings();
if (FOLDER === undefined)
  console.warn('recorded answers: no shared/data beside the checkout, so these tests are skipped');
const RECORDINGS = readRecordings(FOLDER);
const ALL = 237;
const TABLE = { projectId: 'p', datasetId: 'd', tableId: 't' };
const REQUEST = { sql: 'SELECT 1', jobId: 'j', maximumBytesBilled: 1n, labels: {}, timeoutMs: 1000 };

/** Codes by the reason of an error, of those that Onescan's requests meet; others are INTERNAL. */
const CODES: Readonly<Record<string, string>> = {
  invalid: 'FAILED_PRECONDITION',
  invalidQuery: 'FAILED_PRECONDITION',
  notFound: 'NOT_FOUND',
  rateLimitExceeded: 'UNAVAILABLE',
};

let server: ReplayServer;
beforeAll(async () => {
  server = await startReplayServer();
});
afterAll(() => server.close());

const of = (kind: RecordingKind): Recording[] => RECORDINGS.filter((recording) => kindOf(recording) === kind);
const statisticsOf = (response: Json) => (response.statistics ?? {}) as { query?: Json } & Json;

const billedIn = (response: Json): bigint =>
  BigInt((statisticsOf(response).query?.totalBytesBilled as string | undefined) ?? 0);

/** What is expected of every recording of a kind that Onescan meets. */
const CHECKS: Record<(typeof MET)[number], (recording: Recording) => Promise<void>> = {
  'job accepted': async ({ response }) => {
    server.send({ body: response });
    await server.api().startQuery(REQUEST);
    await expectJob(response);
  },
  'statement refused with status 200': async ({ response }) => {
    const { message } = (response.status as { errorResult: { message: string } }).errorResult;
    server.send({ body: response });
    const job = await server.api().getJob('j');
    const refused = {
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining(message.replace(/\.$/, '')),
    };
    expect(billedBytes(job)).toBe(0n);
    expect(() => resultTable('j', job)).toThrow(expect.objectContaining(refused));
    // As BigQuery refuses a job, so it may a dry run.
    server.send({ body: response });
    await expect(server.api().dryRun('SELECT')).rejects.toMatchObject(refused);
    expect(server.requests).toHaveLength(1);
  },
  'dry run': async ({ response }) => {
    server.send({ body: response });
    const { totalBytesProcessed, query } = statisticsOf(response);
    expect(await server.api().dryRun('SELECT')).toEqual({
      bytes: BigInt(totalBytesProcessed as string),
      tables: query!.referencedTables,
      accuracy: query!.totalBytesProcessedAccuracy ?? '',
    });
  },
  job: ({ response }) => expectJob(response),
  cancellation: async ({ response }) => {
    server.send({ body: response });
    await server.api().cancel('j');
    expect(server.requests).toEqual(['POST /jobs/j/cancel']);
  },
  result: async ({ response }) => {
    // They were asked for without rows.
    const totalRows = Number(response.totalRows ?? 0);
    server.send({ body: response }, { body: { numRows: '0' } });
    if (totalRows > 0) await expect(pages()).rejects.toThrow(`0 of ${totalRows} rows arrived`);
    else expect(await pages()).toEqual([]);
    const rows = Array.from({ length: totalRows }, () => ({ f: [{ v: null }] }));
    server.send({ body: { ...response, rows } }, { body: { numRows: '0' } });
    const [page] = await pages();
    const { fields } = (response.schema ?? { fields: [] }) as { fields: { name: string }[] };
    if (totalRows > 0) expect([...page!.columns.keys()]).toEqual(fields.map(({ name }) => name));
  },
  'result not ready': async ({ response }) => {
    const ready = { kind: response.kind, jobComplete: true, totalRows: '0' };
    server.send({ body: response }, { body: ready });
    expect(await pages()).toEqual([]);
    expect(server.requests).toEqual(['GET /queries/j', 'GET /queries/j']);
    server.send({ body: response });
    await expect(pages()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  },
  table: async ({ response }) => {
    server.send({ body: response });
    expect(await server.api().countRows(TABLE)).toBe(Number(response.numRows));
  },
  'list of tables': async ({ response }) => {
    server.send({ body: response }, { body: {} });
    const tables = response.tables as { tableReference: object }[];
    expect(await server.api().listTables('d')).toEqual(tables.map((table) => table.tableReference));
    expect(server.requests).toHaveLength(response.nextPageToken === undefined ? 1 : 2);
  },
  'job without its configuration': async ({ response }) => {
    server.send({ body: response });
    const job = await server.api().getJob('j');
    expect(job.status.state).toBe((response.status as Json).state);
    expect(billedBytes(job)).toBe(billedIn(response));
  },
  refusal: async ({ status, response }) => {
    const { errors } = response.error as { errors: { reason: string; message: string }[] };
    const { reason, message } = errors[0]!;
    server.send({ status, body: response });
    const error = await server.api().getJob('j').catch(OnescanError.from);
    expect(error).toMatchObject({
      code: CODES[reason] ?? 'INTERNAL',
      message: expect.stringContaining(message.replace(/\.$/, '')),
      remedy: expect.stringMatching(/.{10}/),
    });
    expect(server.requests).toHaveLength(CODES[reason] === 'UNAVAILABLE' ? 3 : 1);
  },
};

async function pages() {
  const all = [];
  for await (const page of readPages(server.api(), 'j', TABLE)) all.push(page);
  return all;
}

async function expectJob(response: Json): Promise<void> {
  server.send({ body: response });
  const job = await server.api().getJob('j');
  const { query } = response.configuration as { query: { query: string; destinationTable?: object } };
  expect(job.status.state).toBe((response.status as Json).state);
  expect(job.configuration?.query?.query).toBe(query.query);
  expect(billedBytes(job)).toBe(billedIn(response));
  // DDL has no result.
  if (query.destinationTable) expect(resultTable('j', job)).toEqual(query.destinationTable);
  else expect(() => resultTable('j', job)).toThrow('names no table');
}

/** What is expected of a column whose cells are all alike. */
function expectColumn(batch: RestBatch, column: string, cells: readonly Cell['v'][]): void {
  const texts = cells.every((v) => v === null || typeof v === 'string');
  if (texts) expect(cells.map((v) => nullableText({ v }))).toEqual(cells);
  else
    for (const v of cells) if (typeof v === 'object' && v) expect(() => nullableText({ v })).toThrow('text');
  if (texts && cells.every((v) => v !== null && /^-?\d+$/.test(v as string)))
    expect([...batch.integers(column)]).toEqual(cells.map(Number));
  else expect(() => batch.integers(column)).toThrow('whole number');
  const lists =
    cells.every(Array.isArray) && cells.flat().every((cell) => /^[\d.]+$/.test(String((cell as Cell).v)));
  if (lists) {
    const values = cells.flatMap((v) => (v as readonly Cell[]).map((cell) => Number(cell.v)));
    expect([...batch.numberLists(column).values]).toEqual(values);
  } else expect(() => batch.numberLists(column)).toThrow('where a');
}

describe.skipIf(FOLDER === undefined)('answers that the real service gave are read right', () => {
  for (const kind of MET) {
    it(`${of(kind).length} of the kind "${kind}"`, { timeout: 60_000 }, async () => {
      expect(of(kind).length).toBeGreaterThan(0);
      for (const recording of of(kind)) await CHECKS[kind](recording);
    });
  }

  it(`${of('rows of a table').length} of the kind "rows of a table", as rows of a result`, async () => {
    for (const { response } of of('rows of a table')) {
      const rows = (response.rows ?? []) as { f: Cell[] }[];
      const fields = (rows[0]?.f ?? []).map((_, i) => ({ name: `c${i}` }));
      // Of rows in a streaming buffer, which no result has, the total is "0".
      const totalRows = response.totalRows === '0' ? String(rows.length) : response.totalRows;
      server.send({ body: { jobComplete: true, schema: { fields }, rows: response.rows, totalRows } });
      for (const page of await pages()) {
        const batch = new RestBatch(page.rows, page.columns);
        for (const [i, { name }] of fields.entries()) {
          const cells = rows.map(({ f }) => f[i]!.v);
          expectColumn(batch, name, cells);
        }
      }
    }
  });

  const left = NOT_MET.filter((kind) => kind !== 'rows of a table');
  it(`all of them but ${left.map((kind) => `${of(kind).length} "${kind}"`).join(', ')}, which it never asks for`, () => {
    const counts = [...MET, ...NOT_MET].map((kind) => of(kind).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(ALL);
    expect(RECORDINGS).toHaveLength(ALL);
  });
});
