import { OnescanError } from '@onescan/contract/onescan-error.js';
import { PAIRS } from '@onescan/contract/pair.js';
import type { TableName } from '../../catalogue/catalogue.js';
import type { WarehouseNames } from '../../catalogue/warehouse-names.js';
import { byCodeUnits, type LakeEntry, type LakeFile, type LakeTree } from './lake-store.js';

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
const PARTITION = /^([^=]+)=./;

/**
 * The tables of a lake: its Parquet files, and its folders with Parquet files in them or in folders
 * `column=value`. Folders named like the schemas of features and targets hold the tables of these; without them all are
 * features but for the targets tables of pairs. Nothing but names and sizes is read, and no link is followed.
 *
 * @throws OnescanError NOT_FOUND without the folder, FAILED_PRECONDITION when it holds too many files or a table twice
 */
export async function listLake(tree: LakeTree, names: WarehouseNames): Promise<LakeTable[]> {
  const found = new LakeListing(tree, names);
  await found.read();
  return found.tables.sort((a, b) => byCodeUnits(a.schema, b.schema) || byCodeUnits(a.name, b.name));
}

class LakeListing {
  readonly tables: LakeTable[] = [];
  #files = 0;

  constructor(
    private readonly tree: LakeTree,
    private readonly names: WarehouseNames,
  ) {}

  async read(): Promise<void> {
    const { featureSchema, targetSchema, targetsTable } = this.names;
    const targets = new Set(PAIRS.map((pair) => targetsTable.replaceAll('{pair}', pair)));
    const schemas = new Set([featureSchema, targetSchema]);
    for (const { name, isFolder } of await this.tree.entries('', true)) {
      if (isFolder && schemas.has(name)) {
        for (const entry of await this.tree.entries(name, true))
          await this.#addTable(name, `${name}/`, entry);
      } else
        await this.#addTable((table) => (targets.has(table) ? targetSchema : featureSchema), '', {
          name,
          isFolder,
        });
    }
    const seen = new Map<string, LakeTable>();
    for (const table of this.tables) {
      const id = JSON.stringify([table.schema, table.name]);
      if (seen.has(id)) throw twice(this.tree.root, table);
      seen.set(id, table);
    }
  }

  async #addTable(
    schema: string | ((table: string) => string),
    above: string,
    { name, isFolder }: LakeEntry,
  ): Promise<void> {
    const path = `${above}${name}`;
    const isFile = PARQUET.test(name);
    // What is neither is not meant for us: a manifest, notes, bars as CSV.
    if (!isFolder && !isFile) {
      const { isLink } = await this.tree.look(path);
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
      const sorted = files.sort((a, b) => byCodeUnits(a.within, b.within));
      this.tables.push({ ...at, files: sorted, partitions: samePartitions(sorted) });
    } catch (thrown) {
      const problem = unreadable(thrown);
      if (problem === undefined) throw thrown;
      this.tables.push({ ...at, files: [], partitions: [], problem });
    }
  }

  async #filesBelow(folder: string, above: readonly string[]): Promise<LakeFile[]> {
    const files: LakeFile[] = [];
    for (const { name, isFolder } of await this.tree.entries(folder)) {
      const within = [...above, name];
      if (isFolder) {
        if (!PARTITION.test(name)) {
          throw new Unreadable(`holds the folder ${within.join('/')}, which is not named column=value`);
        }
        files.push(...(await this.#filesBelow(`${folder}/${name}`, within)));
      } else if (PARQUET.test(name)) files.push(await this.#file(`${folder}/${name}`, within.join('/')));
      else {
        await this.#file(`${folder}/${name}`, within.join('/'));
        throw new Unreadable(`holds ${within.join('/')}, which is not named as a Parquet file`);
      }
    }
    return files;
  }

  async #file(path: string, within: string): Promise<LakeFile> {
    const { path: full, isLink, isFile, problem, ...facts } = await this.tree.look(path);
    const which = within || full;
    if (problem !== undefined) throw new Unreadable(`is or holds ${which}, ${problem}`);
    if (isLink) throw new Unreadable(`is or holds a link, ${which}, which is not followed`);
    if (!isFile) throw new Unreadable(`is or holds ${which}, which is no file`);
    if (++this.#files > MAX_FILES) throw tooMany(this.tree.root);
    return { path: full, within, ...facts };
  }
}

/** Why a table cannot be read. */
class Unreadable extends Error {}

function unreadable(thrown: unknown): string | undefined {
  if (thrown instanceof Unreadable) return thrown.message;
  const { code, message } = thrown as NodeJS.ErrnoException;
  return code === undefined || thrown instanceof OnescanError ? undefined : `cannot be read: ${message}`;
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
