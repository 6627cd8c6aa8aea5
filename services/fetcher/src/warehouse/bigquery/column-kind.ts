import type { ColumnKind } from '../../catalogue/catalogue.js';

/** What the values of a BigQuery type are. */
export function columnKind(type: string): ColumnKind {
  if (/^(FLOAT64|INT64|(BIG)?NUMERIC(\(.*\))?)$/.test(type)) return 'number';
  if (type === 'BOOL') return 'bool';
  if (/^STRING(\(\d+\))?$/.test(type)) return 'text';
  return /^(TIMESTAMP|DATE|DATETIME|TIME|INTERVAL)$/.test(type) ? 'time' : 'other';
}
