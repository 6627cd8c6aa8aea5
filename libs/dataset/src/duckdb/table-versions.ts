import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';

/** A table, no view, of the file that is open. */
export interface StoredTable {
  readonly schema: string;
  readonly name: string;
}

/** Bytes before the first block: the file's header and the two that a checkpoint writes in turn. */
const HEADERS_BYTES = 12_288;
/** Every block begins with the checksum of the rest. */
const CHECKSUM_BYTES = 8;
/**
 * Bytes read at the start of every segment. DuckDB's checksum is a sum over words, which does not tell their order: a
 * column that is only shuffled shows here, and in the number of its block.
 */
const HEAD_BYTES = 1024;
const TABLES_A_QUERY = 100;
const READS_A_TURN = 64;
/** Hexadecimal digits of a version. */
const VERSION_DIGITS = 32;

/**
 * A text for every table that changes whenever its rows may have changed, in the order of the tables; files that were
 * copied byte by byte have the same. It is made from the table's definition, from what DuckDB says of the table's segments and from the checksums
 * and first bytes of their blocks: about a kilobyte is read for half a megabyte of data. What a checkpoint has not
 * yet written, tables from which rows were deleted, and those with quotes in their names are read in full, and told by the hash of their rows in any order.
 */
export async function tableVersions(
  connection: DuckDBConnection,
  path: string,
  tables: readonly StoredTable[],
): Promise<string[]> {
  const versions: string[] = [];
  const definitions = await readDefinitions(connection);
  const file = await open(path, 'r');
  try {
    const blocks = new BlockReader(file, await blockBytes(connection));
    for (let start = 0; start < tables.length; start += TABLES_A_QUERY) {
      const some = tables.slice(start, start + TABLES_A_QUERY);
      const storage = await readStorage(connection, some.filter(hasStorageInfo));
      for (const table of some) {
        const known = storage.get(table);
        const hash = createHash('sha256').update(`${definitions.get(qualified(table))}\n`);
        if (known?.isWhole) await blocks.update(hash.update(known.facts), known.places);
        else hash.update(await readRowsHash(connection, table));
        versions.push(hash.digest('hex').slice(0, VERSION_DIGITS));
      }
    }
  } finally {
    await file.close();
  }
  return versions;
}

/** DuckDB's function for it does not find a table with quotes in its name, however they are written. */
function hasStorageInfo({ schema, name }: StoredTable): boolean {
  return !`${schema}${name}`.includes('"');
}

interface TableStorage {
  readonly facts: string;
  /** True when the segments hold the table as it is. */
  readonly isWhole: boolean;
  /** Where segments begin: block and offset in it. */
  readonly places: readonly (readonly [block: number, offset: number])[];
}

async function readStorage(
  connection: DuckDBConnection,
  tables: readonly StoredTable[],
): Promise<Map<StoredTable, TableStorage>> {
  if (tables.length === 0) return new Map();
  const segment = 'column_id, column_path, row_group_id, segment_id';
  const said = `concat_ws('|', ${segment}, segment_type, start, count, compression, stats, block_id, block_offset, additional_block_ids)`;
  // Without deleted rows, the identifiers of rows have no gaps.
  const selects = tables.map((table, i) => {
    const from = qualified(table);
    return `SELECT ${i} AS i, coalesce(sha256(string_agg(${said}, chr(10) ORDER BY ${segment})), '') AS facts,
      coalesce(bool_and(persistent AND NOT has_updates), true)
        AND (SELECT count(*) = coalesce(max(rowid) + 1, 0) FROM ${from}) AS whole,
      to_json(list(DISTINCT [block_id, block_offset]) FILTER (block_id >= 0)) AS places,
      to_json(flatten(list(DISTINCT additional_block_ids))) AS others
      FROM pragma_storage_info(${literal(from)})`;
  });
  const rows = (await connection.runAndReadAll(selects.join(' UNION ALL '))).getRows();
  const storage = new Map<StoredTable, TableStorage>();
  for (const [i, facts, whole, places, others] of rows) {
    const own = parsed<[number, number][]>(places);
    const more = parsed<number[]>(others).map((block): [number, number] => [block, 0]);
    storage.set(tables[Number(i)]!, {
      facts: String(facts),
      isWhole: whole === true,
      places: [...own, ...more].sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    });
  }
  return storage;
}

function parsed<T extends unknown[]>(json: unknown): T {
  return (JSON.parse(String(json ?? '[]')) ?? []) as T;
}

/** The statement that would create each table, by its qualified name: its columns, their order, types and formulas. */
async function readDefinitions(connection: DuckDBConnection): Promise<Map<string, string>> {
  // What decodes texts drops a U+FEFF that one begins with.
  const result = await connection.runAndReadAll(
    `SELECT '.' || schema_name, '.' || table_name, sql FROM duckdb_tables() WHERE database_name = current_database()`,
  );
  const rows = result.getRows().map((row) => row.map(String));
  return new Map(
    rows.map(([schema, name, sql]) => [qualified({ schema: schema!.slice(1), name: name!.slice(1) }), sql!]),
  );
}

/** Of the rows in any order, by reading them all. */
async function readRowsHash(connection: DuckDBConnection, table: StoredTable): Promise<string> {
  const result = await connection.runAndReadAll(
    `SELECT 'rows ' || count(*) || ' ' || coalesce(sum(hash(*COLUMNS(*))), 0) FROM ${qualified(table)}`,
  );
  return String(result.getRows()[0]![0]);
}

async function blockBytes(connection: DuckDBConnection): Promise<number> {
  const result = await connection.runAndReadAll(
    'SELECT block_size FROM pragma_database_size() WHERE database_name = current_database()',
  );
  return Number(result.getRows()[0]![0]);
}

class BlockReader {
  constructor(
    private readonly file: FileHandle,
    private readonly bytes: number,
  ) {}

  /** Adds the checksums and heads of segments. */
  async update(hash: Hash, places: TableStorage['places']): Promise<void> {
    for (let start = 0; start < places.length; start += READS_A_TURN) {
      const reads = places.slice(start, start + READS_A_TURN).flatMap(([block, offset]) => {
        const position = HEADERS_BYTES + block * this.bytes;
        return [
          this.#read(position, CHECKSUM_BYTES),
          this.#read(position + CHECKSUM_BYTES + offset, Math.min(HEAD_BYTES, this.bytes - offset)),
        ];
      });
      for (const bytes of await Promise.all(reads)) hash.update(bytes);
    }
  }

  async #read(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }
}

function qualified({ schema, name }: StoredTable): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
