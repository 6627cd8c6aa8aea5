import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { PAIRS } from '@onescan/contract/pair.js';
import type { TableName } from '../../catalogue/catalogue.js';
import type { WarehouseNames } from '../../catalogue/warehouse-names.js';

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

/** A table of a lake as its files' names tell it. */
export interface LakeTable extends TableName {
  /** In order of their paths. */
  readonly files: readonly LakeFile[];
  /** Columns that the names of folders hold, as `year` of `year=2020`. */
  readonly partitions: readonly string[];
  /** Why it cannot be read, as what follows its name. */
  readonly problem?: string;
}

/** Beyond this a listing, which every plan makes, takes seconds. */
const MAX_FILES = 100_000;
/** Every statement opens all files of its tables. */
const MAX_FILES_PER_TABLE = 10_000;

const PARQUET = /\.parquet$/i;
/** As other programs leave beside tables: `_SUCCESS`, `_metadata`, `.part-0.crc`. */
const IGNORED = /^[._]/;
const PARTITION = /^([^=]+)=./;

/**
 * The tables below a folder: its Parquet files, and its folders with Parquet files in them or in folders
 * `column=value`. Folders named like the schemas of features and targets hold the tables of these; without them all are
 * features but for the targets tables of pairs. Nothing but names and sizes is read, and no link is followed.
 *
 * @throws OnescanError NOT_FOUND without the folder, FAILED_PRECONDITION when it holds too many files or a table twice
 */
export async function listLake(root: string, names: WarehouseNames): Promise<LakeTable[]> {
  const found = new LakeListing(root, names);
  await found.read();
  return found.tables.sort((a, b) => order(a.schema, b.schema) || order(a.name, b.name));
}

class LakeListing {
  readonly tables: LakeTable[] = [];
  #files = 0;

  constructor(
    private readonly root: string,
    private readonly names: WarehouseNames,
  ) {}

  async read(): Promise<void> {
    const { featureSchema, targetSchema, targetsTable } = this.names;
    const targets = new Set(PAIRS.map((pair) => targetsTable.replaceAll('{pair}', pair)));
    const schemas = new Set([featureSchema, targetSchema]);
    for (const { name, isFolder } of await this.#entries(this.root, true)) {
      if (isFolder && schemas.has(name)) {
        for (const entry of await this.#entries(join(this.root, name), true)) {
          await this.#addTable(name, join(this.root, name), entry);
        }
      } else
        await this.#addTable((table) => (targets.has(table) ? targetSchema : featureSchema), this.root, {
          name,
          isFolder,
        });
    }
    const seen = new Map<string, LakeTable>();
    for (const table of this.tables) {
      const id = JSON.stringify([table.schema, table.name]);
      if (seen.has(id)) throw twice(this.root, table);
      seen.set(id, table);
    }
  }

  async #addTable(
    schema: string | ((table: string) => string),
    folder: string,
    { name, isFolder }: Entry,
  ): Promise<void> {
    const path = join(folder, name);
    const isFile = PARQUET.test(name);
    // What is neither is not meant for us: a manifest, notes, bars as CSV.
    if (!isFolder && !isFile) {
      const { isLink } = await look(path);
      if (!isLink) return;
    }
    const table = isFolder ? name : name.replace(PARQUET, '');
    const at = { schema: typeof schema === 'string' ? schema : schema(table), name: table };
    try {
      const files = isFolder ? await this.#filesBelow(path, []) : [await this.#file(path, '')];
      if (files.length === 0) throw new Unreadable('holds no Parquet file');
      if (files.length > MAX_FILES_PER_TABLE) {
        throw new Unreadable(`holds ${files.length} files, ${MAX_FILES_PER_TABLE} are the most`);
      }
      const sorted = files.sort((a, b) => order(a.within, b.within));
      this.tables.push({ ...at, files: sorted, partitions: samePartitions(sorted) });
    } catch (thrown) {
      const problem = unreadable(thrown);
      if (problem === undefined) throw thrown;
      this.tables.push({ ...at, files: [], partitions: [], problem });
    }
  }

  async #filesBelow(folder: string, above: readonly string[]): Promise<LakeFile[]> {
    const files: LakeFile[] = [];
    for (const { name, isFolder } of await this.#entries(folder, false)) {
      const within = [...above, name];
      if (isFolder) {
        if (!PARTITION.test(name)) {
          throw new Unreadable(`holds the folder ${within.join('/')}, which is not named column=value`);
        }
        files.push(...(await this.#filesBelow(join(folder, name), within)));
      } else if (PARQUET.test(name)) files.push(await this.#file(join(folder, name), within.join('/')));
      else {
        await this.#file(join(folder, name), within.join('/'));
        throw new Unreadable(`holds ${within.join('/')}, which is not named as a Parquet file`);
      }
    }
    return files;
  }

  async #file(path: string, within: string): Promise<LakeFile> {
    const { isLink, isFile, state, bytes, changedMs } = await look(path);
    const which = within || path;
    if (isLink) throw new Unreadable(`is or holds a link, ${which}, which is not followed`);
    if (!isFile) throw new Unreadable(`is or holds ${which}, which is no file`);
    if (++this.#files > MAX_FILES) throw tooMany(this.root);
    return { path, within, state, bytes, changedMs };
  }

  /** Those that count, in order of their names; links are no folders. */
  async #entries(folder: string, isOutermost: boolean): Promise<Entry[]> {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter(({ name }) => !IGNORED.test(name))
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .sort((a, b) => order(a.name, b.name));
    } catch (thrown) {
      if (!isOutermost) throw thrown;
      throw noLake(folder, thrown);
    }
  }
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Why a table cannot be read. */
class Unreadable extends Error {}

function unreadable(thrown: unknown): string | undefined {
  if (thrown instanceof Unreadable) return thrown.message;
  const { code, message } = thrown as NodeJS.ErrnoException;
  return code === undefined || thrown instanceof OnescanError ? undefined : `cannot be read: ${message}`;
}

async function look(path: string) {
  const stat = await lstat(path, { bigint: true });
  return {
    isLink: stat.isSymbolicLink(),
    isFile: stat.isFile(),
    state: `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`,
    bytes: Number(stat.size),
    changedMs: Number(stat.ctimeMs),
  };
}

/** The columns in the names of folders, which must be the same for all files. */
function samePartitions(files: readonly LakeFile[]): string[] {
  const columns = files.map(({ within }) =>
    within.split('/').flatMap((folder) => PARTITION.exec(folder)?.[1] ?? []),
  );
  // The last part is the file's own name.
  const own = columns.map((all, i) =>
    PARTITION.test(files[i]!.within.split('/').at(-1)!) ? all.slice(0, -1) : all,
  );
  const odd = own.findIndex((each) => each.join('/') !== own[0]!.join('/'));
  if (odd < 0) return own[0]!;
  throw new Unreadable(
    `has files in other folders than column=value of the first: ${files[0]!.within} and ${files[odd]!.within}`,
  );
}

/** A file that changed so lately may change again without another time. */
const SETTLED_MS = 2000;

/** False for a file that may still be written to without its state showing it: it is read anew then. */
export function isSettled({ changedMs }: LakeFile): boolean {
  return Math.abs(Date.now() - changedMs) > SETTLED_MS;
}

/** By code units, whatever the locale. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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

function twice(root: string, { schema, name }: LakeTable): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `the lake ${root} holds table ${schema}.${name} twice`, {
    remedy: 'Leave one of them, as a file or as a folder',
    details: { table: `${schema}.${name}` },
  });
}

function tooMany(root: string): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `the lake ${root} holds more than ${MAX_FILES} files`, {
    remedy: 'Merge small files of a table into larger ones, or give a folder further down',
    details: { files: MAX_FILES },
  });
}
