import type { CatalogueColumn } from '../../../catalogue/catalogue.js';
import { columnName } from './quoted-names.js';

/** Arrays in results cannot hold NULL: a missing number is NaN. */
const MISSING_NUMBER = 'IEEE_DIVIDE(0,0)';

/** Put before every text that is there; a missing text is empty, so that '' and NULL differ. */
export const TEXT_MARK = '=';

/** An ARRAY<FLOAT64> of columns, NaN for NULL; `prefix` is a table alias with its dot. */
export function numberArray(columns: readonly CatalogueColumn[], prefix = ''): string {
  return floatArray(columns.map((column) => asFloat(prefix + columnName(column.name), column)));
}

/** An ARRAY<FLOAT64> of expressions of type FLOAT64, NaN for NULL. */
export function floatArray(expressions: readonly string[]): string {
  return `ARRAY<FLOAT64>[${expressions.map((value) => `IFNULL(${value}, ${MISSING_NUMBER})`).join(', ')}]`;
}

/** An ARRAY<STRING> of columns, each marked with {@link TEXT_MARK}; '' for NULL. */
export function textArray(columns: readonly CatalogueColumn[], prefix = ''): string {
  const values = columns.map(
    (column) => `IFNULL(CONCAT('${TEXT_MARK}', ${prefix}${columnName(column.name)}), '')`,
  );
  return `ARRAY<STRING>[${values.join(', ')}]`;
}

/** BOOL has no cast to FLOAT64 in GoogleSQL, only by way of INT64. */
function asFloat(expression: string, column: CatalogueColumn): string {
  if (column.type === 'FLOAT64') return expression;
  return column.kind === 'bool'
    ? `CAST(CAST(${expression} AS INT64) AS FLOAT64)`
    : `CAST(${expression} AS FLOAT64)`;
}
