import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DuckDb, openConfinedDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { type DuckDbConnections, problemText } from '../duckdb/duckdb-connections.js';

/** The file's header and the two of which every checkpoint writes one. */
const HEADERS_BYTES = 12_288;

/** A plan asks again and again, and opening takes longer than most answers: the file is closed so long after the last one. */
const LINGER_MS = 100;

/** The file as it was when it was opened. */
interface OpenFile {
  readonly state: string;
  readonly instance: Promise<DuckDb>;
  users: number;
  /** Set while nobody uses it. */
  closing?: NodeJS.Timeout;
}

/**
 * A DuckDB file that is open, to read, only while it is used and a moment longer, so that it can be changed under a running
 * fetcher; who asks after a change gets what it is now. It may come from anybody: nothing in it reaches any other file.
 */
export class DatabaseFile implements DuckDbConnections {
  #open: OpenFile | undefined;
  /** Of each connection, what it was opened on. */
  readonly #connections = new WeakMap<DuckDBConnection, OpenFile>();

  /** @throws OnescanError NOT_FOUND when there is no such file */
  constructor(
    readonly path: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.#require();
  }

  /** A text that is another whenever the file may have changed: nobody writes to it without changing its headers or log. */
  state(): string {
    this.#require();
    const { ino, mtimeMs, size } = statSync(this.path);
    const log = statSync(`${this.path}.wal`, { throwIfNoEntry: false });
    return [ino, mtimeMs, size, headersHash(this.path), log?.mtimeMs, log?.size].join(' ');
  }

  async use<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      return await use(connection);
    } finally {
      await this.release(connection);
    }
  }

  /** A connection for {@link release}. @throws OnescanError UNAVAILABLE when the file cannot be opened now */
  async acquire(): Promise<DuckDBConnection> {
    const open = this.#current();
    open.users++;
    clearTimeout(open.closing);
    try {
      const connection = await (await open.instance).connect();
      this.#connections.set(connection, open);
      return connection;
    } catch (thrown) {
      if (this.#open === open) this.#open = undefined;
      await this.#leave(open);
      throw new OnescanError(
        'UNAVAILABLE',
        `cannot open the warehouse ${this.path}: ${problemText(thrown)}`,
        {
          remedy: 'Wait until nothing writes to it, or build it again with `onescan warehouse build`',
          cause: thrown,
        },
      );
    }
  }

  async release(connection: DuckDBConnection): Promise<void> {
    connection.closeSync();
    await this.#leave(this.#connections.get(connection)!);
  }

  /** Closes the file where nobody uses it. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open?.users === 0) await closeFile(open);
  }

  #current(): OpenFile {
    const state = this.state();
    if (this.#open?.state === state) return this.#open;
    void this.close();
    const instance = openConfinedDuckDb(this.path, { ...this.settings, access_mode: 'READ_ONLY' });
    this.#open = { state, instance, users: 0 };
    return this.#open;
  }

  async #leave(open: OpenFile): Promise<void> {
    if (--open.users > 0) return;
    if (this.#open !== open) await closeFile(open);
    else open.closing = setTimeout(() => void this.close(), LINGER_MS).unref();
  }

  #require(): void {
    if (existsSync(this.path)) return;
    throw new OnescanError('NOT_FOUND', `there is no embedded warehouse at ${this.path}`, {
      remedy: 'Build one with `onescan warehouse build`, or give the right folder to --warehouse',
    });
  }
}

async function closeFile({ instance, closing }: OpenFile): Promise<void> {
  clearTimeout(closing);
  (await instance.catch(() => undefined))?.closeSync();
}

function headersHash(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(HEADERS_BYTES);
    const read = readSync(file, bytes, 0, bytes.length, 0);
    return createHash('sha256').update(bytes.subarray(0, read)).digest('hex');
  } finally {
    closeSync(file);
  }
}
