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

export function jsonRow(values: readonly DuckDBValue[]): JsonRow {
  return { f: values.map(jsonCell) };
}

function jsonCell(value: DuckDBValue): JsonCell {
  if (value instanceof DuckDBListValue) return { v: value.items.map(jsonCell) };
  return { v: jsonText(value) };
}

function jsonText(value: DuckDBValue): string | null {
  if (value === null) return null;
  if (value instanceof DuckDBTimestampValue) return String(value.micros);
  if (value instanceof DuckDBDateValue || value instanceof DuckDBDecimalValue) return value.toString();
  // A number's text in JavaScript is the shortest that reads back as the same double; NaN and Infinity agree.
  if (['number', 'bigint', 'string', 'boolean'].includes(typeof value)) return String(value);
  throw new RangeError('the fake BigQuery cannot return such a value');
}
