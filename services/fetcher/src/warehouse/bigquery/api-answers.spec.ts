import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { billedBytes, readPages, resultTable, waitForJob } from './read-result.js';
import { type Answer, type ReplayServer, startReplayServer } from './testing/replay-server.js';

const TABLE = { projectId: 'p', datasetId: '_d', tableId: 'anon1' };
const ASKED = 3;
const PORTAL = '<html><title>502 Bad Gateway</title>nginx</html>';

let server: ReplayServer;
beforeAll(async () => {
  server = await startReplayServer();
});
afterAll(() => server.close());

const error = (code: number, others: object): Answer => ({
  status: code,
  body: { error: { code, ...others } },
});
const refused = {
  errorResult: { reason: 'invalidQuery', message: 'Unrecognized name: x at [1:8]' },
  state: 'DONE',
};

async function rows(): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const page of readPages(server.api(), 'j', TABLE)) {
    const names = [...page.columns.keys()];
    for (const { f } of page.rows) all.push(Object.fromEntries(f.map(({ v }, i) => [names[i], v])));
  }
  return all;
}

/** The error of a call, and how often it was sent. */
async function failing(answer: Answer, call = () => server.api().getJob('j')) {
  server.send(answer);
  const thrown: unknown = await call().catch((reason: unknown) => reason);
  expect(thrown).toBeInstanceOf(OnescanError);
  const { code, message, remedy } = thrown as OnescanError;
  expect(remedy).toMatch(/.{10}/);
  return { code, message, sent: server.requests.length };
}

describe('a dry run', () => {
  it('that is refused with status 200 says so at once', async () => {
    const answer = { body: { kind: 'bigquery#job', status: refused, statistics: { creationTime: '1' } } };
    const { code, message, sent } = await failing(answer, () => server.api().dryRun('SELECT x') as never);
    expect({ code, sent }).toEqual({ code: 'FAILED_PRECONDITION', sent: 1 });
    expect(message).toBe('BigQuery: dry run: Unrecognized name: x at [1:8]');
  });

  it.each([
    { totalBytesProcessed: '9007199254740993' },
    { query: { totalBytesProcessed: '9007199254740993' } },
  ])('tells its bytes in one place or another, without a jobId: %j', async (statistics) => {
    server.send({ body: { jobReference: { projectId: 'p' }, status: { state: 'DONE' }, statistics } });
    expect(await server.api().dryRun('SELECT')).toEqual({
      bytes: 9007199254740993n,
      tables: [],
      accuracy: '',
    });
  });

  it('is no estimate of nothing when it tells no bytes', async () => {
    const answer = { body: { status: { state: 'DONE' }, statistics: { query: {} } } };
    const { message } = await failing(answer, () => server.api().dryRun('SELECT') as never);
    expect(message).toContain('does not say what would be read');
  });
});

describe('a job', () => {
  it('that is refused when it is asked for ends with its error, unbilled', async () => {
    const job = { status: refused, configuration: { query: { query: 'SELECT x' } }, statistics: {} };
    server.send({ body: job });
    const api = server.api();
    await api.startQuery({ sql: 'SELECT x', jobId: 'j', maximumBytesBilled: 1n, labels: {}, timeoutMs: 9 });
    const done = await waitForJob(api, 'j', { timeoutMs: 1000, graceMs: 0 });
    expect(billedBytes(done)).toBe(0n);
    expect(() => resultTable('j', done)).toThrow('Unrecognized name');
  });

  it.each([
    { status: { state: 'RUNNING' } },
    { status: { state: 'RUNNING' }, statistics: { startTime: '1' }, configuration: {} },
    {
      status: { state: 'DONE' },
      statistics: { query: { totalBytesBilled: '0' } },
      configuration: { load: {} },
    },
  ])('may lack its configuration and statistics: %j', async (body) => {
    server.send({ body });
    const job = await server.api().getJob('j');
    expect(job.status.state).toBe(body.status.state);
    expect(billedBytes(job)).toBe(0n);
  });

  it('that failed without a word fails with one', () => {
    const job = { status: { state: 'DONE', errorResult: {} } };
    expect(() => resultTable('j', job)).toThrow('BigQuery: job j: the job failed');
  });
});

describe('a result', () => {
  const schema = { fields: [{ name: 'a' }, { name: 'b' }] };
  const row = (...values: (string | null)[]) => ({ f: values.map((v) => ({ v })) });

  it('comes in pages: unfinished, without rows, of odd sizes, with unknown fields, schema and total once', async () => {
    server.send(
      { body: { jobComplete: false, jobReference: {} } },
      { body: { totalRows: '3', jobComplete: true, schema, pageToken: 'x', pageRowCount: '0' } },
      { body: { jobComplete: true, rows: [row('1', null)], pageToken: 'y', queryId: 'q' } },
      { body: { jobComplete: true, rows: [], pageToken: 'z' } },
      { body: { rows: [row('2', 'u'), row('3', 'v')], jobComplete: true } },
    );
    const expected = [
      { a: '1', b: null },
      { a: '2', b: 'u' },
      { a: '3', b: 'v' },
    ];
    expect(await rows()).toEqual(expected);
  });

  it('without a total is compared with its table, and nothing is lost in silence', async () => {
    const page = { body: { jobComplete: true, schema, rows: [row('1', '2')] } };
    server.send(page, { body: { numRows: '1' } });
    expect(await rows()).toHaveLength(1);
    expect(server.requests).toEqual(['GET /queries/j', 'GET /datasets/_d/tables/anon1']);
    server.send(page, { body: { numRows: '2' } });
    await expect(rows()).rejects.toMatchObject({
      code: 'DATA_LOSS',
      message: 'BigQuery: 1 of 2 rows arrived',
    });
  });

  it('that is never ready is no endless wait', async () => {
    const { code, sent } = await failing({ body: { jobComplete: false } }, () => rows() as never);
    expect({ code, sent }).toEqual({ code: 'UNAVAILABLE', sent: ASKED });
  });
});

describe('an error', () => {
  const message = 'm';
  const errors = (reason: string) => [{ reason, message: 'm', domain: 'global' }];
  it.each([
    [
      'with status',
      error(400, { message, errors: errors('invalid'), status: 'INVALID_ARGUMENT' }),
      'FAILED_PRECONDITION',
      1,
    ],
    ['without status', error(403, { message, errors: errors('rateLimitExceeded') }), 'UNAVAILABLE', ASKED],
    ['without errors', error(404, { message, status: 'NOT_FOUND' }), 'NOT_FOUND', 1],
    [
      'with no errors in the list',
      error(403, { message, errors: [], status: 'PERMISSION_DENIED' }),
      'PERMISSION_DENIED',
      1,
    ],
    ['of a quota by status', error(403, { message, status: 'RESOURCE_EXHAUSTED' }), 'RESOURCE_EXHAUSTED', 1],
    ['with a message alone', error(403, { message }), 'PERMISSION_DENIED', 1],
    ['without a code in it', { status: 503, body: { error: { message } } }, 'UNAVAILABLE', ASKED],
    [
      'of another code than that of HTTP',
      { status: 412, body: { error: { code: 400, message, errors: errors('invalid') } } },
      'FAILED_PRECONDITION',
      1,
    ],
    [
      'in an answer of status 200',
      { body: { error: { code: 404, message, errors: errors('notFound') } } },
      'NOT_FOUND',
      1,
    ],
  ] as const)('%s is understood', async (_, answer, code, sent) => {
    expect(await failing(answer)).toMatchObject({
      code,
      sent,
      message: expect.stringMatching(/^BigQuery: job j: m/),
    });
  });

  it('without a message has one', async () => {
    const { message } = await failing(error(400, { errors: [{ reason: 'invalid' }] }));
    expect(message).toMatch(/^BigQuery: job j: .{8}/);
  });

  it.each([404, 403, 502])('of a proxy is none of BigQuery: status %i', async (status) => {
    const { code, message, sent } = await failing({ status, body: PORTAL });
    expect({ code, sent }).toEqual({ code: 'UNAVAILABLE', sent: ASKED });
    expect(message).toContain(
      `status ${status}: the answer is not BigQuery's but begins with "<html><title>502`,
    );
  });

  it('that is empty is none of BigQuery', async () => {
    expect((await failing({ status: 504, body: '' })).message).toContain('status 504: the answer is empty');
  });

  it('of a proxy does not make a job missing, which would count as unbilled', async () => {
    server.send({ status: 404, body: PORTAL });
    const api = server.api();
    await expect(api.exists(() => api.askJob('j'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
