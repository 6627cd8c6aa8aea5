import type { ColumnKind } from '../../catalogue/catalogue.js';

const NUMBER =
  /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const TIME = /^(TIMESTAMP.*|DATE|TIME.*|INTERVAL)$/;

/** What the values of a DuckDB type are. */
export function columnKind(type: string): ColumnKind {
  if (NUMBER.test(type)) return 'number';
  if (type === 'BOOLEAN') return 'bool';
  if (type === 'VARCHAR' || type.startsWith('ENUM')) return 'text';
  return TIME.test(type) ? 'time' : 'other';
}
