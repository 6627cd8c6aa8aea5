import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { proxyOptions } from '@onescan/process/grpc/client.js';
import { retrying } from '@onescan/process/retrying.js';
import type { AuthClient } from 'google-auth-library';
import type { TableReference } from '../api-answers.js';
import { type RetryPolicy, waitsOf } from '../retry-policy.js';
import { ArrowBatch } from './arrow-batch.js';
import { type ArrowField, decodeRecordBatch, decodeSchema } from './arrow-message.js';
import { BatchMemory } from './batch-memory.js';
import { merged } from './merged.js';
import { SilenceTimer } from './silence-timer.js';
import { googleAuth, googleCredentials } from './storage-credentials.js';
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
/** A stream that sends nothing for so long is opened again. */
const SILENCE_MS = 120_000;
/** Sessions that are opened one after another for the same table. */
const MAX_READINGS = 3;

const TRANSIENT = new Set([
  status.UNAVAILABLE,
  status.INTERNAL,
  status.ABORTED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
]);

const REST = 'read results by REST: onescan up ... --fetcher-flag results=rest';

export interface StorageReaderOptions {
  /** "host:port" of an emulator, without TLS and credentials. */
  emulator?: string | undefined;
  /** Default: the application default credentials. */
  authClient?: AuthClient | undefined;
  /** Time without a message after which a stream is opened again, default 120 s. */
  silenceMs?: number | undefined;
}

/** Reads tables by the Storage Read API: several streams of Arrow record batches, resumed by offset. */
export class StorageReader {
  readonly #client: Client;

  readonly #silenceMs: number;

  constructor(
    private readonly project: string,
    private readonly policy: RetryPolicy,
    { emulator, authClient, silenceMs = SILENCE_MS }: StorageReaderOptions = {},
  ) {
    this.#silenceMs = silenceMs;
    const channel = emulator
      ? credentials.createInsecure()
      : googleCredentials(googleAuth(project, authClient));
    this.#client = new Client(emulator ?? ENDPOINT, channel, {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      // A connection that has died is noticed, and its streams opened again.
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
      ...proxyOptions(emulator ?? ENDPOINT),
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
    const name = nameOf(table);
    for (let reading = 1; ; reading++) {
      try {
        yield* this.#readOnce(name, rows, reading, signal);
        return;
      } catch (thrown) {
        if (reading === MAX_READINGS || !isExpired(thrown)) throw thrown;
      }
    }
  }

  /**
   * Makes sure, free of charge, that the account may read this table and its like.
   *
   * @throws OnescanError PERMISSION_DENIED with the role, UNAVAILABLE, ...
   */
  async requireReadable(table: TableReference): Promise<void> {
    try {
      await this.#openSession(nameOf(table), undefined);
    } catch (thrown) {
      const { code, message } = OnescanError.from(thrown);
      if (code === 'PERMISSION_DENIED') throw thrown;
      const instead = `Nothing was paid for. Plan again, or ${REST}`;
      throw new OnescanError(code, message, { remedy: instead, cause: thrown });
    }
  }

  close(): void {
    this.#client.close();
  }

  async *#readOnce(
    name: string,
    rows: number,
    number: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ArrowBatch, void, undefined> {
    const session = await this.#openSession(name, signal);
    const reading = new Reading(decodeSchema(session.schema), signal);
    let received = 0;
    for await (const batch of merged(
      session.streams.map((stream) => this.#rows(stream, reading)),
      reading,
    )) {
      batch.reading = number;
      received += batch.rows;
      yield batch;
    }
    if (received === rows) return;
    throw new OnescanError('DATA_LOSS', `BigQuery: ${received} of ${rows} rows arrived`, {
      remedy: 'Run again: the job is found again, not paid twice',
    });
  }

  async #openSession(table: string, signal: AbortSignal | undefined): Promise<ReadSession> {
    const wanted = { parent: `projects/${this.project}`, table, maxStreamCount: MAX_STREAMS };
    const call = (): Promise<ReadSession> =>
      new Promise((resolve, reject) => {
        const request = this.#client.makeUnaryRequest(
          `/${READ_SERVICE}/CreateReadSession`,
          encodeCreateReadSession,
          decodeReadSession,
          wanted,
          routing('read_session.table', table),
          { deadline: Date.now() + SESSION_DEADLINE_MS },
          (error, session) => {
            signal?.removeEventListener('abort', abort);
            if (error || !session) reject(error);
            else resolve(session);
          },
        );
        const abort = (): void => request.cancel();
        signal?.addEventListener('abort', abort, { once: true });
      });
    try {
      return await retrying(call, { waitsMs: waitsOf(this.policy), isPassing: isTransient, signal });
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  /** Rows of a stream; when it breaks it is opened again after the rows that have arrived. */
  async *#rows(stream: string, reading: Reading): AsyncGenerator<ArrowBatch, void, undefined> {
    const { fields, memory, signal } = reading;
    let offset = 0;
    for (let failures = 0; ; ) {
      signal.throwIfAborted();
      const call = this.#open(stream, offset);
      const abort = (): void => call.cancel();
      signal.addEventListener('abort', abort, { once: true });
      const timer = new SilenceTimer({
        limitMs: this.#silenceMs,
        isAwaited: () => reading.awaited,
        onSilence: () => call.destroy(silent(this.#silenceMs)),
      });
      try {
        for await (const { recordBatch } of call as AsyncIterable<ReadRowsResponse>) {
          const { rows, columns } = decodeRecordBatch(fields, recordBatch);
          offset += rows;
          failures = 0;
          yield new ArrowBatch(rows, columns, memory);
          timer.heard();
        }
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        if (!isTransient(thrown) || ++failures >= this.policy.attempts) throw storageError(thrown);
      } finally {
        timer.stop();
        signal.removeEventListener('abort', abort);
        call.cancel();
      }
      const delay = Math.min(this.policy.maxDelayMs, this.policy.firstDelayMs * 2 ** (failures - 1));
      await sleep(delay, undefined, { signal });
    }
  }

  #open(stream: string, offset: number): ClientReadableStream<ReadRowsResponse> {
    const call = this.#client.makeServerStreamRequest(
      `/${READ_SERVICE}/ReadRows`,
      encodeReadRows,
      decodeReadRowsResponse,
      { stream, offset },
      routing('read_stream', stream),
    );
    // What comes after the call was given up concerns nobody.
    call.on('error', () => undefined);
    return call;
  }
}

/** What the streams of a session share. */
class Reading {
  /** For all streams: their batches are used one after another. */
  readonly memory = new BatchMemory();
  /** True while the caller waits for a batch: when it takes its time no stream is silent. */
  awaited = false;
  readonly #end = new AbortController();

  constructor(
    readonly fields: readonly ArrowField[],
    outer: AbortSignal | undefined,
  ) {
    outer?.addEventListener('abort', () => this.#end.abort(outer.reason), { signal: this.#end.signal });
    if (outer?.aborted) this.#end.abort(outer.reason);
  }

  /** Aborted when the reading is to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  onAwaited(awaited: boolean): void {
    this.awaited = awaited;
  }

  onEnd(): void {
    this.#end.abort();
  }
}

function nameOf({ projectId, datasetId, tableId }: TableReference): string {
  return `projects/${projectId}/datasets/${datasetId}/tables/${tableId}`;
}

/** The error of a stream that was given up because it sent nothing. */
function silent(silenceMs: number): Error & Pick<ServiceError, 'code' | 'details'> {
  const details = `a stream sent nothing for ${silenceMs} ms`;
  return Object.assign(new Error(details), { code: status.UNAVAILABLE, details });
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
      ? `Give the account bigquery.readSessionUser on the project and enable bigquerystorage.googleapis.com there, or ${REST}`
      : 'Run again: the job is found again, not paid twice';
  return new OnescanError(code, `BigQuery: Storage Read API: ${message}`, { remedy, cause: thrown });
}
