import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { fileSha256 } from '@onescan/warehouse/lake/lake-manifest.js';
import type { DuckDbConnections } from '../duckdb/duckdb-connections.js';

/** A Parquet file of a table. */
export interface LakeFile {
  /** As DuckDB is given it. */
  readonly path: string;
  /** Within the table's folder; empty for a table that is a file. */
  readonly within: string;
  /** Another text whenever the file may have changed. */
  readonly state: string;
  readonly bytes: number;
  /** When it last changed, in milliseconds since 1970. */
  readonly changedMs: number;
}

export interface LakeEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What is known of a file without reading it. */
export interface LakeLook extends Pick<LakeFile, 'path' | 'state' | 'bytes' | 'changedMs'> {
  readonly isLink: boolean;
  readonly isFile: boolean;
  /** Why DuckDB cannot be given its path, as what follows it. */
  readonly problem?: string;
}

/** Names below a lake's root, as they were when it was listed. Paths are within the lake, with slashes. */
export interface LakeTree {
  /** As DuckDB and messages name it. */
  readonly root: string;
  /**
   * Those of a folder that count, in order of their names; links are no folders. The empty path is the root.
   *
   * @param isOutermost of the root or of a schema: without it there is no lake
   */
  entries(folder: string, isOutermost?: boolean): Promise<LakeEntry[]>;
  look(path: string): Promise<LakeLook>;
}

/** Where the files of a lake lie. */
export interface LakeStore {
  readonly root: string;
  /** All names, now. @throws OnescanError when there is no lake or it cannot be listed */
  list(): Promise<LakeTree>;
  /** SHA-256 of a file's bytes, in hexadecimal digits. */
  sha256(file: LakeFile): Promise<string>;
  /** A text beside the tables; undefined when there is none. */
  readText(name: string): Promise<string | undefined>;
}

/** Where a lake is, and how DuckDB comes to read there. */
export interface LakeLocation {
  readonly root: string;
  /** Before DuckDB is confined to the root. */
  readonly prepare?: (connection: DuckDBConnection) => Promise<void>;
  storeOf(database: DuckDbConnections): LakeStore;
}

/** As other programs leave beside tables: `_SUCCESS`, `_metadata`, `.part-0.crc`. */
export const IGNORED = /^[._]/;

/** Orders by code units, whatever the locale. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A folder of this machine. @param root absolute */
export function folderLocation(root: string): LakeLocation {
  return { root, storeOf: () => new FolderStore(root) };
}

/** A folder of this machine. */
class FolderStore implements LakeStore {
  constructor(readonly root: string) {}

  async list(): Promise<LakeTree> {
    return {
      root: this.root,
      entries: (folder, isOutermost) => this.#entries(folder, isOutermost),
      look: (path) => this.#look(path),
    };
  }

  sha256({ path }: LakeFile): Promise<string> {
    return fileSha256(path);
  }

  async readText(name: string): Promise<string | undefined> {
    return readFile(join(this.root, name), 'utf8').catch(() => undefined);
  }

  async #entries(within: string, isOutermost = false): Promise<LakeEntry[]> {
    const folder = join(this.root, within);
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter(({ name }) => !IGNORED.test(name))
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .sort((a, b) => byCodeUnits(a.name, b.name));
    } catch (thrown) {
      if (!isOutermost) throw thrown;
      throw noLake(folder, thrown);
    }
  }

  async #look(within: string): Promise<LakeLook> {
    const path = join(this.root, within);
    const stat = await lstat(path, { bigint: true });
    return {
      path,
      isLink: stat.isSymbolicLink(),
      isFile: stat.isFile(),
      state: `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`,
      bytes: Number(stat.size),
      changedMs: Number(stat.ctimeMs),
    };
  }
}

function noLake(folder: string, cause: unknown): OnescanError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'there is no such folder' : message;
  return new OnescanError('NOT_FOUND', `there is no lake at ${folder}: ${why}`, {
    remedy:
      'Give a folder of Parquet files as --warehouse lake:DIR, or make one with `onescan warehouse export`',
    cause,
  });
}
