import { formatBytes } from '@onescan/shared/format/bytes.js';
import { formatUsd } from '@onescan/shared/format/usd.js';
import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import { tableText } from '../catalogue/catalogue.js';
import { planNote } from '../notes/plan-note.js';
import type { FetchTable } from '../sql/fetch-query.js';
import type { Universe } from '../universe/universe.js';
import type { StatementRefusal } from '../warehouse/statement-refusal.js';
import { priceOf } from './price.js';
import type { EstimatedStatement } from './statement-trials.js';

/** A table of which the warehouse does not take a statement even alone. */
export interface RefusedTable {
  readonly table: FetchTable;
  readonly refusal: StatementRefusal;
}

export interface ChosenStatements {
  /** Names the query among those that were split. */
  readonly key: string;
  readonly statements: readonly EstimatedStatement[];
  /** Left out. */
  readonly refused: readonly RefusedTable[];
  /** Why one statement does not do; absent when it does. */
  readonly reason?: string;
  /** What reading the keys again bills, which one statement would not; absent when there is one. */
  readonly againBytes?: bigint;
}

const WORDS: Readonly<Record<StatementRefusal, string>> = {
  complexity: 'the warehouse calls it too complex',
  length: 'its text is too long for the warehouse',
  tables: 'it reads more tables than the warehouse allows, those below views counted',
  columns: 'it has more columns than the warehouse allows',
  result: 'its result is too large for the warehouse',
  resources: 'the warehouse ran out of resources with it',
};

/** What the warehouse has against a statement. */
export function splitReason(refusals: readonly StatementRefusal[]): string {
  return refusals.map((refusal) => WORDS[refusal]).join(', ');
}

/** A note that says how many statements there are, why, and what that costs; one for tables that are left out. */
export function splitNotes(chosen: ChosenStatements, pricePerTibUsd: number): PlanNote[] {
  const { statements, reason, refused, againBytes } = chosen;
  const notes: PlanNote[] = [];
  const count = statements.length;
  if (reason !== undefined) {
    const cost =
      againBytes === undefined
        ? ''
        : `, which bills ${formatBytes(againBytes)}, ${formatUsd(priceOf(againBytes, pricePerTibUsd))} more than one would`;
    const text = `${count} statements instead of one: ${reason}; each but the first reads the keys again${cost}`;
    notes.push(planNote('split statements', text, count));
  }
  for (const { table, refusal } of refused) {
    const columns = table.numbers.length + table.texts.length;
    const text = `${tableText(table.table)} is left out with its ${columns} columns, ${WORDS[refusal]} even alone: make it a table if it is a view, or leave it out with universe.exclude`;
    notes.push(planNote('table refused', text, columns));
  }
  return notes;
}

/** The universe with the columns of refused tables excluded. */
export function withoutRefused(universe: Universe, refused: readonly RefusedTable[]): Universe {
  if (refused.length === 0) return universe;
  const reasons = new Map(
    refused.map(({ table, refusal }) => [
      tableText(table.table),
      `a statement of its table alone is refused: ${WORDS[refusal]}`,
    ]),
  );
  return {
    ...universe,
    columns: universe.columns.map((column) => {
      const reason = reasons.get(tableText(column.table));
      if (reason === undefined || column.exclusionReason !== undefined) return column;
      // Of the column too: a dataset remembers why it lacks it.
      return { ...column, column: { ...column.column, problem: reason }, exclusionReason: reason };
    }),
  };
}
