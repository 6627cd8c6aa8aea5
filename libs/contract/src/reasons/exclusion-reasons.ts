import { z } from 'zod';
import { FACT, reasonEntry } from './reason-entry.js';

const { count, name, words, horizon } = FACT;

/** What a warehouse has against a statement. */
export const STATEMENT_REFUSALS = {
  complexity: 'the warehouse calls it too complex',
  length: 'its text is too long for the warehouse',
  tables: 'it reads more tables than the warehouse allows, those below views counted',
  columns: 'it has more columns than the warehouse allows',
  result: 'its result is too large for the warehouse',
  resources: 'the warehouse ran out of resources with it',
} as const;

export type StatementRefusal = keyof typeof STATEMENT_REFUSALS;

export const STATEMENT_REFUSAL = z.enum(Object.keys(STATEMENT_REFUSALS) as [StatementRefusal]);

/** What a warehouse has against some statements, one after the other. */
export function refusalsText(refusals: readonly StatementRefusal[]): string {
  return refusals.map((refusal) => STATEMENT_REFUSALS[refusal]).join(', ');
}

/** A table without its key column, or with one of another type. */
export const KEY_PROBLEM = { key: name, type: name.optional() };

/** To be read after the name of the table. */
export function keyProblemText({ key, type }: { key: string; type?: string | undefined }): string {
  return type === undefined ? `has no ${key}` : `has ${key} as ${type}, not TIMESTAMP`;
}

/** Why a column of the universe is not tested: status EXCLUDED, stage `plan`. */
export const EXCLUSION_REASONS = {
  future_name: reasonEntry(
    'its name says that it holds future values',
    { pattern: name },
    ({ pattern }) => `its name matches /${pattern}/: it holds future values`,
  ),
  future_lineage: reasonEntry(
    'by its lineage it holds future values',
    { why: words },
    ({ why }) => `by its lineage it holds future values (${why})`,
  ),
  point_in_time: reasonEntry(
    'a point in time is not a feature',
    { type: name },
    ({ type }) => `a point in time (${type}) is not a feature`,
  ),
  not_a_number: reasonEntry(
    'its type cannot be made a number',
    { type: name },
    ({ type }) => `its type ${type} cannot be made a number`,
  ),
  too_many_texts: reasonEntry(
    'it has too many distinct texts',
    { type: name, limit: count },
    ({ type, limit }) => `its ${type} values have more than ${limit} distinct texts`,
  ),
  name_differs_in_case: reasonEntry(
    'its name differs from another only in case',
    { other: name },
    ({ other }) => `its name differs from ${other} only in case`,
  ),
  same_as_target: reasonEntry(
    'its values equal a target',
    { horizon },
    (facts) => `its values equal the target of horizon ${facts.horizon}: it holds the future`,
  ),
  follows_later_target: reasonEntry(
    'its values follow what the target is later',
    { bars: count },
    ({ bars }) => `its values follow what the target is ${bars} bars later: it holds the future`,
  ),
  unreadable_column: reasonEntry('no statement can read it', { problem: words }, ({ problem }) => problem),
  keyless_table: reasonEntry(
    'its table has no key',
    KEY_PROBLEM,
    (facts) => `its table ${keyProblemText(facts)}`,
  ),
  unreadable_table: reasonEntry(
    'its table cannot be read',
    { problem: words },
    ({ problem }) => `its table ${problem}`,
  ),
  refused_table: reasonEntry(
    'the warehouse refuses a statement of its table alone',
    { refusal: STATEMENT_REFUSAL },
    ({ refusal }) => `a statement of its table alone is refused: ${STATEMENT_REFUSALS[refusal]}`,
  ),
};
