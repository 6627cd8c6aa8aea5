import { type DuckDBDataChunk, DuckDBTypeId } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import {
  type CreateReadSessionRequest,
  decodeCreateReadSession,
  decodeReadRows,
  encodeReadRowsResponse,
  encodeReadSession,
  READ_SERVICE,
  type ReadRowsRequest,
  type ReadRowsResponse,
  type ReadSession,
} from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-messages.js';
import { DuckDbBatch } from '@onescan/fetcher/testing/warehouse/duckdb/duckdb-batch.js';
import type { FieldSchema } from './analyze-statement.js';
import { ApiError } from './api-error.js';
import {
  doubleListColumn,
  type EncodedColumn,
  encodeRecordBatch,
  encodeSchema,
  integerColumn,
  valuesColumn,
} from './encode-arrow.js';
import type { Faults } from './faults.js';
import type { QueryJob } from './query-job.js';
import type { QueryJobs } from './query-jobs.js';

const TABLE = /^projects\/[^/]+\/datasets\/([^/]+)\/tables\/([^/]+)$/;
const STREAM = /^(.*\/sessions\/\d+)\/streams\/(\d+)-of-(\d+)$/;

const CODES: Readonly<Record<string, status>> = {
  accessDenied: status.PERMISSION_DENIED,
  quotaExceeded: status.RESOURCE_EXHAUSTED,
  rateLimitExceeded: status.RESOURCE_EXHAUSTED,
  internalError: status.INTERNAL,
  backendError: status.UNAVAILABLE,
  notFound: status.NOT_FOUND,
  sessionExpired: status.FAILED_PRECONDITION,
};

const SERVICE: ServiceDefinition = {
  createReadSession: {
    path: `/${READ_SERVICE}/CreateReadSession`,
    requestStream: false,
    responseStream: false,
    requestSerialize: unused,
    requestDeserialize: decodeCreateReadSession,
    responseSerialize: encodeReadSession,
    responseDeserialize: unused,
  },
  readRows: {
    path: `/${READ_SERVICE}/ReadRows`,
    requestStream: false,
    responseStream: true,
    requestSerialize: unused,
    requestDeserialize: decodeReadRows,
    responseSerialize: encodeReadRowsResponse,
    responseDeserialize: unused,
  },
};

export interface StorageServer {
  /** "host:port". */
  readonly address: string;
  close(): void;
}

/** Serves results by the Storage Read API: rows of several streams, in an order that says nothing. */
export async function startStorageServer(jobs: QueryJobs, faults: Faults): Promise<StorageServer> {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const sessions = new Sessions(jobs);
  const createReadSession: handleUnaryCall<CreateReadSessionRequest, ReadSession> = (
    { request },
    callback,
  ) => {
    try {
      const fault = faults.take('createReadSession');
      const { name, job } = sessions.open(request);
      const count = Math.max(1, request.maxStreamCount);
      const streams = Array.from({ length: count }, (_, i) => `${name}/streams/${i}-of-${count}`);
      if (fault === 'unanswered') return;
      callback(null, { schema: encodeSchema(job.analysis.fields), streams });
    } catch (thrown) {
      callback(grpcError(thrown));
    }
  };
  const readRows: handleServerStreamingCall<ReadRowsRequest, ReadRowsResponse> = async (call) => {
    try {
      const fault = faults.take('readRows');
      if (fault === 'unanswered') return;
      const [, session = '', stream, streams] = STREAM.exec(call.request.stream) ?? [];
      const job = sessions.jobOf(session);
      const part = { stream: Number(stream), streams: Number(streams), offset: call.request.offset };
      for await (const chunk of jobs.streamRows(job, part)) {
        if (call.cancelled) break;
        const recordBatch = encodeChunk(job.analysis.fields, chunk);
        if (!call.write({ recordBatch, rowCount: chunk.rowCount })) await drained(call);
        if (fault === 'sessionExpired') sessions.expire(session);
        sessions.jobOf(session);
        if (fault === 'silent') return;
        if (fault === 'reset') throw new ApiError(503, 'backendError', 'the stream was reset');
      }
      call.end();
    } catch (thrown) {
      call.emit('error', grpcError(thrown));
    }
  };
  server.addService(SERVICE, { createReadSession, readRows });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

/** Waits until a slow reader has taken what was sent, or has gone. */
async function drained(call: ServerWritableStream<ReadRowsRequest, ReadRowsResponse>): Promise<void> {
  if (call.cancelled) return;
  await new Promise<void>((resolve) => {
    call.once('drain', resolve);
    call.once('cancelled', resolve);
  });
}

/** Read sessions by name, with the table that each reads; undefined when it has expired. */
class Sessions {
  readonly #tables = new Map<string, string | undefined>();

  constructor(private readonly jobs: QueryJobs) {}

  open({ parent, table }: CreateReadSessionRequest): { name: string; job: QueryJob } {
    const job = this.#job(table);
    const name = `${parent}/locations/us-central1/sessions/${this.#tables.size + 1}`;
    this.#tables.set(name, table);
    return { name, job };
  }

  expire(name: string): void {
    this.#tables.set(name, undefined);
  }

  /** Throws when the session is unknown or has expired. */
  jobOf(name: string): QueryJob {
    if (!this.#tables.has(name)) throw new ApiError(404, 'notFound', `Not found: Session ${name}`);
    const table = this.#tables.get(name);
    if (table !== undefined) return this.#job(table);
    const text = `there was an error operating on '${name}': session expired at 2026-01-01T00:00:00+00:00`;
    throw new ApiError(400, 'sessionExpired', text);
  }

  #job(name: string): QueryJob {
    const [, dataset, table] = TABLE.exec(name) ?? [];
    return this.jobs.ofTable(dataset ?? '', table ?? '');
  }
}

function grpcError(thrown: unknown): { code: status; details: string } {
  const { reason, message } = thrown as ApiError;
  return { code: CODES[reason] ?? status.INTERNAL, details: message };
}

function unused(): never {
  throw new Error('the server side does not need this');
}

/** Rows of a DuckDB result as a record batch in Arrow's IPC format. */
function encodeChunk(fields: readonly FieldSchema[], chunk: DuckDBDataChunk): Uint8Array {
  const columns = fields.map((field, i) => fastColumn(chunk, i, field) ?? slowColumn(chunk, i, field));
  return encodeRecordBatch(chunk.rowCount, columns);
}

/** Whole numbers without NULL and lists of doubles, of which packed statements consist, copied as they lie. */
function fastColumn(chunk: DuckDBDataChunk, i: number, field: FieldSchema): EncodedColumn | undefined {
  if (field.mode === 'REPEATED' && field.type === 'FLOAT64') {
    const { offsets, values } = new DuckDbBatch(chunk, new Map([['lists', i]])).numberLists('lists');
    return doubleListColumn(offsets, values);
  }
  if (field.type !== 'INT64' || chunk.getColumnVector(i).type.typeId !== DuckDBTypeId.BIGINT)
    return undefined;
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, i);
  if (field.mode === 'REPEATED' || duckdb.vector_get_validity(vector, 8)) return undefined;
  const bytes = duckdb.vector_get_data(vector, chunk.rowCount * BigInt64Array.BYTES_PER_ELEMENT);
  return integerColumn(new BigInt64Array(bytes.buffer, bytes.byteOffset, chunk.rowCount));
}

function slowColumn(chunk: DuckDBDataChunk, i: number, field: FieldSchema): EncodedColumn {
  return valuesColumn(field, chunk.getColumnValues(i));
}
