import { type DuckDBDataChunk, DuckDBTypeId } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { DuckDbBatch } from '@onescan/fetcher/testing/warehouse/duckdb/duckdb-batch.js';
import type { FieldSchema } from './analyze-statement.js';
import {
  doubleListColumn,
  type EncodedColumn,
  encodeRecordBatch,
  integerColumn,
  valuesColumn,
} from './encode-arrow.js';

/** Rows of a DuckDB result as a record batch in Arrow's IPC format. */
export function encodeChunk(fields: readonly FieldSchema[], chunk: DuckDBDataChunk): Uint8Array {
  const columns = fields.map((field, i) => fastColumn(chunk, i, field) ?? slowColumn(chunk, i, field));
  return encodeRecordBatch(chunk.rowCount, columns);
}

/** Whole numbers without NULL and lists of doubles, of which packed statements consist, copied as they lie. */
function fastColumn(chunk: DuckDBDataChunk, i: number, field: FieldSchema): EncodedColumn | undefined {
  if (field.mode === 'REPEATED' && field.type === 'FLOAT64') {
    const { offsets, values } = new DuckDbBatch(chunk, new Map([['lists', i]])).numberLists('lists');
    return doubleListColumn(offsets, values);
  }
  if (field.type !== 'INT64' || chunk.getColumnVector(i).type.typeId !== DuckDBTypeId.BIGINT)
    return undefined;
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, i);
  if (field.mode === 'REPEATED' || duckdb.vector_get_validity(vector, 8)) return undefined;
  const bytes = duckdb.vector_get_data(vector, chunk.rowCount * BigInt64Array.BYTES_PER_ELEMENT);
  return integerColumn(new BigInt64Array(bytes.buffer, bytes.byteOffset, chunk.rowCount));
}

function slowColumn(chunk: DuckDBDataChunk, i: number, field: FieldSchema): EncodedColumn {
  return valuesColumn(field, chunk.getColumnValues(i));
}
