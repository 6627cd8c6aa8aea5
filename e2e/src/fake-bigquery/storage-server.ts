import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
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
} from '@onescan/fetcher/warehouse/bigquery/storage/storage-messages.js';
import { ApiError } from './api-error.js';
import { encodeRecordBatch, encodeSchema } from './encode-arrow.js';
import type { Faults } from './faults.js';
import type { QueryJob } from './query-job.js';
import type { QueryJobs } from './query-jobs.js';

const BATCH_ROWS = 300;
const TABLE = /^projects\/[^/]+\/datasets\/([^/]+)\/tables\/([^/]+)$/;
const STREAM = /^(.*)\/streams\/(\d+)-of-(\d+)$/;

const CODES: Readonly<Record<string, status>> = {
  accessDenied: status.PERMISSION_DENIED,
  quotaExceeded: status.RESOURCE_EXHAUSTED,
  rateLimitExceeded: status.RESOURCE_EXHAUSTED,
  internalError: status.INTERNAL,
  backendError: status.UNAVAILABLE,
  notFound: status.NOT_FOUND,
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
  const createReadSession: handleUnaryCall<CreateReadSessionRequest, ReadSession> = (
    { request },
    callback,
  ) => {
    try {
      faults.take('createReadSession');
      const job = jobOf(jobs, request.table);
      const count = Math.max(1, request.maxStreamCount);
      const streams = Array.from({ length: count }, (_, i) => `${request.table}/streams/${i}-of-${count}`);
      callback(null, { schema: encodeSchema(job.analysis.fields), streams });
    } catch (thrown) {
      callback(grpcError(thrown));
    }
  };
  const readRows: handleServerStreamingCall<ReadRowsRequest, ReadRowsResponse> = async (call) => {
    try {
      const fault = faults.take('readRows');
      const [, table, stream, streams] = STREAM.exec(call.request.stream) ?? [];
      const job = jobOf(jobs, table ?? '');
      const part = { stream: Number(stream), streams: Number(streams) };
      for (let at = call.request.offset; ; ) {
        const rows = await jobs.mixedRows(job, part, { offset: at, limit: BATCH_ROWS });
        if (rows.length === 0 || call.cancelled) break;
        call.write({ recordBatch: encodeRecordBatch(job.analysis.fields, rows), rowCount: rows.length });
        at += rows.length;
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

function jobOf(jobs: QueryJobs, name: string): QueryJob {
  const [, dataset, table] = TABLE.exec(name) ?? [];
  return jobs.ofTable(dataset ?? '', table ?? '');
}

function grpcError(thrown: unknown): { code: status; details: string } {
  const { reason, message } = thrown as ApiError;
  return { code: CODES[reason] ?? status.INTERNAL, details: message };
}

function unused(): never {
  throw new Error('the server side does not need this');
}
