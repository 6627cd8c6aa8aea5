import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';

export interface JsonCell {
  v: string | null | JsonCell[];
}

/** A row as BigQuery's REST API sends it: every value a text, lists as lists of cells. */
export interface JsonRow {
  f: JsonCell[];
}

/** @param int64Timestamps timestamps as microseconds; else as seconds in floating point */
export function jsonRow(values: readonly DuckDBValue[], int64Timestamps: boolean): JsonRow {
  return { f: values.map((value) => jsonCell(value, int64Timestamps)) };
}

function jsonCell(value: DuckDBValue, int64Timestamps: boolean): JsonCell {
  if (value instanceof DuckDBListValue)
    return { v: value.items.map((item) => jsonCell(item, int64Timestamps)) };
  return { v: jsonText(value, int64Timestamps) };
}

function jsonText(value: DuckDBValue, int64Timestamps: boolean): string | null {
  if (value === null) return null;
  if (value instanceof DuckDBTimestampValue) {
    return int64Timestamps ? String(value.micros) : (Number(value.micros) / 1e6).toExponential();
  }
  if (value instanceof DuckDBDateValue || value instanceof DuckDBDecimalValue) return value.toString();
  // A number's text in JavaScript is the shortest that reads back as the same double; NaN and Infinity agree.
  if (['number', 'bigint', 'string', 'boolean'].includes(typeof value)) return String(value);
  throw new RangeError('the fake BigQuery cannot return such a value');
}
