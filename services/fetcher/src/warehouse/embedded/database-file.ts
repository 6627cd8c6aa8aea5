import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DuckDb, openConfinedDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { type DuckDbConnections, problemText } from '../duckdb/duckdb-connections.js';

/** The file's header and the two of which every checkpoint writes one. */
const HEADERS_BYTES = 12_288;

/**
 * A DuckDB file that is open, to read, only while it is used, so that it can be changed under a running fetcher. It may
 * come from anybody: nothing in it reaches any other file.
 */
export class DatabaseFile implements DuckDbConnections {
  #instance: Promise<DuckDb> | undefined;
  #users = 0;

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
    this.#require();
    this.#users++;
    try {
      this.#instance ??= openConfinedDuckDb(this.path, { ...this.settings, access_mode: 'READ_ONLY' });
      return await (await this.#instance).connect();
    } catch (thrown) {
      await this.#leave();
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
    await this.#leave();
  }

  async #leave(): Promise<void> {
    if (--this.#users > 0) return;
    const instance = this.#instance;
    this.#instance = undefined;
    (await instance?.catch(() => undefined))?.closeSync();
  }

  #require(): void {
    if (existsSync(this.path)) return;
    throw new OnescanError('NOT_FOUND', `there is no embedded warehouse at ${this.path}`, {
      remedy: 'Build one with `onescan warehouse build`, or give the right folder to --warehouse',
    });
  }
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
