import { expect, it } from 'vitest';
import type { Statement } from '../warehouse.js';
import { BIGQUERY_LIMITS } from './published-terms.js';
import { requireWithinLimits } from './require-within-limits.js';

const { tables: MAX_TABLES, sqlLength: MAX_SQL_LENGTH } = BIGQUERY_LIMITS;

function statement(length: number, tables: number): Statement {
  const reads = Array.from({ length: tables }, (_, i) => ({
    table: { schema: 's', name: `t${i}` },
    columns: [],
    range: {},
  }));
  // A table that is read twice counts once.
  return { sql: 'x'.repeat(length), reads: [...reads, ...reads] };
}

it('lets pass what BigQuery takes and refuses one more', () => {
  requireWithinLimits(statement(MAX_SQL_LENGTH, MAX_TABLES));
  expect(() => requireWithinLimits(statement(MAX_SQL_LENGTH + 1, 1))).toThrow(
    'has 1048577 characters, BigQuery allows 1048576',
  );
  expect(() => requireWithinLimits(statement(1, MAX_TABLES + 1))).toThrow(
    'refers to 1001 tables, BigQuery allows 1000',
  );
});
