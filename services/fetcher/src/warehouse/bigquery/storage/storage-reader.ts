import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { type AuthClient, GoogleAuth } from 'google-auth-library';
import type { TableReference } from '../api-answers.js';
import { BIGQUERY_SCOPE } from '../impersonate.js';
import { type RetryPolicy, retrying } from '../retrying.js';
import { ArrowBatch } from './arrow-batch.js';
import { type ArrowField, decodeRecordBatch, decodeSchema } from './arrow-message.js';
import { BatchMemory } from './batch-memory.js';
import {
  decodeReadRowsResponse,
  decodeReadSession,
  encodeCreateReadSession,
  encodeReadRows,
  READ_SERVICE,
  type ReadRowsResponse,
  type ReadSession,
} from './storage-messages.js';

const ENDPOINT = 'bigquerystorage.googleapis.com:443';

/** Streams that are read side by side. */
const MAX_STREAMS = 4;
/** Messages have 128 MB at most. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
const SESSION_DEADLINE_MS = 60_000;
const KEEPALIVE_MS = 30_000;
/** HTTP/2's own window of 64 KiB would allow 3 MB/s at 20 ms from Google. */
const FLOW_CONTROL_WINDOW_BYTES = 16 * 1024 * 1024;
/** Sessions that are opened one after another for the same table. */
const MAX_READINGS = 3;

const TRANSIENT = new Set([
  status.UNAVAILABLE,
  status.INTERNAL,
  status.ABORTED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
]);

/** Reads tables by the Storage Read API: several streams of Arrow record batches, resumed by offset. */
export class StorageReader {
  readonly #client: Client;

  /**
   * @param emulator "host:port" of an emulator, without TLS and credentials
   * @param authClient default: the application default credentials
   */
  constructor(
    private readonly project: string,
    private readonly policy: RetryPolicy,
    { emulator, authClient }: { emulator?: string | undefined; authClient?: AuthClient | undefined } = {},
  ) {
    const channel = emulator ? credentials.createInsecure() : googleCredentials(authClient);
    this.#client = new Client(emulator ?? ENDPOINT, channel, {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      // A connection that has died is noticed, and its streams opened again.
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    });
  }

  /**
   * All rows of a table in no particular order. When the session expires, as they do after six hours, another
   * one reads the table from the start: its streams have nothing to do with those before. Its batches carry the
   * next number of `reading`.
   *
   * @throws OnescanError DATA_LOSS when other than `rows` rows arrive; UNAVAILABLE, PERMISSION_DENIED, ...
   */
  async *read(
    table: TableReference,
    rows: number,
    signal?: AbortSignal,
  ): AsyncGenerator<ArrowBatch, void, undefined> {
    const name = `projects/${table.projectId}/datasets/${table.datasetId}/tables/${table.tableId}`;
    for (let reading = 1; ; reading++) {
      try {
        yield* this.#readOnce(name, rows, reading, signal);
        return;
      } catch (thrown) {
        if (reading === MAX_READINGS || !isExpired(thrown)) throw thrown;
      }
    }
  }

  close(): void {
    this.#client.close();
  }

  async *#readOnce(
    name: string,
    rows: number,
    reading: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ArrowBatch, void, undefined> {
    const session = await this.#openSession(name, signal);
    const fields = decodeSchema(session.schema);
    // One for all streams: their batches are used one after another.
    const memory = new BatchMemory();
    let received = 0;
    for await (const batch of merged(
      session.streams.map((stream) => this.#rows(stream, { fields, memory }, signal)),
    )) {
      batch.reading = reading;
      received += batch.rows;
      yield batch;
    }
    if (received === rows) return;
    throw new OnescanError('DATA_LOSS', `BigQuery: ${received} of ${rows} rows arrived`, {
      remedy: 'Run again: the job is found again, not paid twice',
    });
  }

  async #openSession(table: string, signal: AbortSignal | undefined): Promise<ReadSession> {
    const request = { parent: `projects/${this.project}`, table, maxStreamCount: MAX_STREAMS };
    const call = (): Promise<ReadSession> =>
      new Promise((resolve, reject) => {
        this.#client.makeUnaryRequest(
          `/${READ_SERVICE}/CreateReadSession`,
          encodeCreateReadSession,
          decodeReadSession,
          request,
          routing('read_session.table', table),
          { deadline: Date.now() + SESSION_DEADLINE_MS },
          (error, session) => (error || !session ? reject(error) : resolve(session)),
        );
      });
    try {
      return await retrying(call, { policy: this.policy, isTransient, signal });
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  /** Rows of a stream; when it breaks it is opened again after the rows that have arrived. */
  async *#rows(
    stream: string,
    { fields, memory }: { fields: readonly ArrowField[]; memory: BatchMemory },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ArrowBatch, void, undefined> {
    let offset = 0;
    for (let failures = 0; ; ) {
      signal?.throwIfAborted();
      const call = this.#open(stream, offset);
      const abort = (): void => call.cancel();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        for await (const { recordBatch } of call as AsyncIterable<ReadRowsResponse>) {
          const { rows, columns } = decodeRecordBatch(fields, recordBatch);
          offset += rows;
          failures = 0;
          yield new ArrowBatch(rows, columns, memory);
        }
        return;
      } catch (thrown) {
        signal?.throwIfAborted();
        if (!isTransient(thrown) || ++failures >= this.policy.attempts) throw storageError(thrown);
      } finally {
        signal?.removeEventListener('abort', abort);
        call.cancel();
      }
      await sleep(Math.min(this.policy.maxDelayMs, this.policy.firstDelayMs * 2 ** (failures - 1)));
    }
  }

  #open(stream: string, offset: number): ClientReadableStream<ReadRowsResponse> {
    return this.#client.makeServerStreamRequest(
      `/${READ_SERVICE}/ReadRows`,
      encodeReadRows,
      decodeReadRowsResponse,
      { stream, offset },
      routing('read_stream', stream),
    );
  }
}

/** Takes from whichever iterator has something; ends all when one fails or the caller stops. */
async function* merged<T>(
  iterators: AsyncGenerator<T, void, undefined>[],
): AsyncGenerator<T, void, undefined> {
  const next = async (i: number) => ({ i, result: await iterators[i]!.next() });
  const pending = new Map(iterators.map((_, i) => [i, next(i)]));
  try {
    while (pending.size > 0) {
      const { i, result } = await Promise.race(pending.values());
      if (result.done) {
        pending.delete(i);
        continue;
      }
      yield result.value;
      pending.set(i, next(i));
    }
  } finally {
    for (const promise of pending.values()) promise.catch(() => undefined);
    await Promise.allSettled(iterators.map((iterator) => iterator.return()));
  }
}

function googleCredentials(authClient: AuthClient | undefined): ChannelCredentials {
  const auth = new GoogleAuth(authClient ? { authClient } : { scopes: [BIGQUERY_SCOPE] });
  const call = credentials.createFromMetadataGenerator((_, callback) => {
    auth.getAccessToken().then(
      (token) => {
        const metadata = new Metadata();
        metadata.set('authorization', `Bearer ${token}`);
        callback(null, metadata);
      },
      (thrown: Error) => callback(thrown),
    );
  });
  return credentials.combineChannelCredentials(credentials.createSsl(), call);
}

/** Google's front ends send a request to the right place by this header. */
function routing(field: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-goog-request-params', `${field}=${encodeURIComponent(value)}`);
  return metadata;
}

/** "... operating on 'projects/P/locations/L/sessions/S/streams/T': session expired at 2024-11-23T09:59:13+00:00" */
function isExpired(thrown: unknown): boolean {
  return thrown instanceof OnescanError && /session (has )?expired/i.test(thrown.message);
}

function isTransient(thrown: unknown): boolean {
  return TRANSIENT.has((thrown as ServiceError).code);
}

function storageError(thrown: unknown): OnescanError {
  if (thrown instanceof OnescanError) return thrown;
  const { code, message } = OnescanError.from(thrown);
  const remedy =
    code === 'PERMISSION_DENIED'
      ? 'Give the account bigquery.readSessionUser on the project'
      : 'Run again: the job is found again, not paid twice';
  return new OnescanError(code, `BigQuery: Storage Read API: ${message}`, { remedy, cause: thrown });
}
