import type { DuckDBConnection } from '@duckdb/node-api';
import { INFINITIES_TABLE, WITHHELD_TABLE } from './dataset-layout.js';
import type { StoredType } from './feature-values.js';

/**
 * A column that is not included because of its values in the rows of this file: in fewer rows, or beside fewer targets,
 * it may be judged otherwise.
 */
export interface WithheldColumn {
  /** In the universe. */
  ordinal: number;
  /** Among the withheld columns whose values are kept; undefined for texts, which are too many. */
  position?: number;
  /** As of a column that is included; empty without values. */
  encoding: string;
  /** How the values are stored; empty without values. */
  stored: StoredType | '';
  /** SHA-256 over the stored values in row order; empty without values. */
  contentSha256: string;
  /** The least sample, in rows, that is sure to hold too many texts too; undefined for other columns. */
  manyTextsFrom?: number;
}

/** What a dataset keeps beyond its columns, so that smaller ones can be made of it. */
export interface DatasetReserve {
  withheld: readonly WithheldColumn[];
  /** Rows whose value was infinite before it was made missing, by place in the universe; columns without any are left out. */
  infinities: ReadonlyMap<number, readonly number[]>;
}

/** Writes the reserve; a dataset that has nothing to keep has no tables for it. */
export async function writeReserve(
  connection: DuckDBConnection,
  { withheld, infinities }: DatasetReserve,
  rows: number,
): Promise<void> {
  if (withheld.length > 0) await writeWithheld(connection, withheld);
  if (infinities.size > 0) await writeInfinities(connection, infinities, rows);
}

async function writeWithheld(
  connection: DuckDBConnection,
  withheld: readonly WithheldColumn[],
): Promise<void> {
  await connection.run(`CREATE TABLE ${WITHHELD_TABLE} (
    ordinal INTEGER, position INTEGER, encoding VARCHAR, stored VARCHAR, content_sha256 VARCHAR, many_texts_from INTEGER)`);
  const appender = await connection.createAppender(WITHHELD_TABLE);
  for (const { ordinal, position, encoding, stored, contentSha256, manyTextsFrom } of withheld) {
    appender.appendInteger(ordinal);
    if (position === undefined) appender.appendNull();
    else appender.appendInteger(position);
    for (const text of [encoding, stored, contentSha256]) appender.appendVarchar(text);
    if (manyTextsFrom === undefined) appender.appendNull();
    else appender.appendInteger(manyTextsFrom);
    appender.endRow();
  }
  appender.closeSync();
}

/** A bit a row: a column of nothing but infinities takes no more than one of a few. */
async function writeInfinities(
  connection: DuckDBConnection,
  infinities: DatasetReserve['infinities'],
  rows: number,
): Promise<void> {
  await connection.run(`CREATE TABLE ${INFINITIES_TABLE} (ordinal INTEGER, row_bits BLOB)`);
  const appender = await connection.createAppender(INFINITIES_TABLE);
  for (const [ordinal, infinite] of [...infinities].sort(([a], [b]) => a - b)) {
    const bits = new Uint8Array(Math.ceil(rows / 8));
    for (const row of infinite) bits[row >> 3]! |= 1 << (row & 7);
    appender.appendInteger(ordinal);
    appender.appendBlob(bits);
    appender.endRow();
  }
  appender.closeSync();
}

/** Reads the reserve of an open file. */
export async function readReserve(connection: DuckDBConnection): Promise<DatasetReserve> {
  const found = await connection.runAndReadAll('SELECT table_name FROM duckdb_tables()');
  const tables = new Set(found.getRows().map(([name]) => String(name)));
  return {
    withheld: tables.has(WITHHELD_TABLE) ? await readWithheld(connection) : [],
    infinities: tables.has(INFINITIES_TABLE) ? await readInfinities(connection) : new Map(),
  };
}

async function readWithheld(connection: DuckDBConnection): Promise<WithheldColumn[]> {
  const result = await connection.runAndReadAll(`SELECT * FROM ${WITHHELD_TABLE} ORDER BY ordinal`);
  return result.getRowObjectsJS().map((row) => ({
    ordinal: Number(row.ordinal),
    ...(row.position == null ? {} : { position: Number(row.position) }),
    encoding: String(row.encoding),
    stored: String(row.stored) as StoredType | '',
    contentSha256: String(row.content_sha256),
    ...(row.many_texts_from == null ? {} : { manyTextsFrom: Number(row.many_texts_from) }),
  }));
}

async function readInfinities(connection: DuckDBConnection): Promise<Map<number, number[]>> {
  const result = await connection.runAndReadAll(`SELECT ordinal, row_bits FROM ${INFINITIES_TABLE}`);
  return new Map(
    result.getRowsJS().map(([ordinal, blob]) => {
      const bits = blob as Uint8Array;
      const rows: number[] = [];
      for (let byte = 0; byte < bits.length; byte++) {
        for (let bit = 0; bit < 8; bit++) if (bits[byte]! & (1 << bit)) rows.push(8 * byte + bit);
      }
      return [Number(ordinal), rows];
    }),
  );
}
