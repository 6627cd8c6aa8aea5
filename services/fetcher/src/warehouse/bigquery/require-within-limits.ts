import { OnescanError } from '@onescan/contract/onescan-error.js';
import { tableText } from '../../catalogue/catalogue.js';
import { refusalDetails } from '../statement-refusal.js';
import type { Statement } from '../warehouse.js';
import { BIGQUERY_LIMITS } from './published-terms.js';

const { tables: MAX_TABLES, sqlLength: MAX_SQL_LENGTH } = BIGQUERY_LIMITS;

/**
 * Checks the number of tables that a dry run has found, views resolved.
 *
 * @throws OnescanError FAILED_PRECONDITION with both numbers
 */
export function requireFewTables(tables: number): void {
  if (tables <= MAX_TABLES) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `the statement reads ${tables} tables, those below views counted, BigQuery allows ${MAX_TABLES}`,
    {
      remedy:
        'Plan again: it is split into more statements. If that does not help, leave views out with universe.exclude',
      details: { tables, ...refusalDetails('tables') },
    },
  );
}

/**
 * Checks what BigQuery would refuse, before anything is sent.
 *
 * @throws OnescanError FAILED_PRECONDITION with both numbers
 */
export function requireWithinLimits({ sql, reads }: Statement): void {
  const tables = new Set(reads.map(({ table }) => tableText(table))).size;
  if (tables > MAX_TABLES) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `the statement refers to ${tables} tables, BigQuery allows ${MAX_TABLES}`,
      {
        remedy: 'Take tables out of the universe with universe.exclude',
        details: { tables, ...refusalDetails('tables') },
      },
    );
  }
  if (sql.length <= MAX_SQL_LENGTH) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `the statement has ${sql.length} characters, BigQuery allows ${MAX_SQL_LENGTH}`,
    {
      remedy:
        'Take tables out of the universe with universe.exclude, or sample with strategy hash instead of days',
      details: { characters: sql.length, ...refusalDetails('length') },
    },
  );
}
