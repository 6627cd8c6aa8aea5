import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { tableText } from '../catalogue/catalogue.js';
import type { FetchTable } from '../sql/fetch-query.js';
import type { Universe } from '../universe/universe.js';
import type { StatementRefusal } from '../warehouse/statement-refusal.js';
import { exclusionKey } from './exclusion-key.js';
import { priceOf } from './price.js';
import type { ExceededLimit } from './statement-size.js';
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
  readonly why?: SplitReason;
  /** What reading the keys again bills, which one statement would not; absent when there is one. */
  readonly againBytes?: bigint;
}

/** What one statement exceeds, and what the warehouse has against it. */
export interface SplitReason {
  readonly exceeded: readonly ExceededLimit[];
  readonly refusals: readonly StatementRefusal[];
}

/** A note that says how many statements there are, why, and what that costs; one for tables that are left out. */
export function splitNotes(chosen: ChosenStatements, pricePerTibUsd: number): PlanNote[] {
  const { statements, why, refused, againBytes } = chosen;
  const notes: PlanNote[] = [];
  const count = statements.length;
  if (why !== undefined) {
    const again =
      againBytes === undefined
        ? {}
        : { againBytes: Number(againBytes), againUsd: priceOf(againBytes, pricePerTibUsd) };
    const facts = {
      statements: count,
      exceeded: [...why.exceeded],
      refusals: [...why.refusals],
      ...again,
    };
    notes.push(planNote({ code: 'split_statements', facts }, count));
  }
  for (const { table, refusal } of refused) {
    const columns = table.numbers.length + table.texts.length;
    const facts = { table: tableText(table.table), columns, refusal };
    notes.push(planNote({ code: 'table_refused', facts }, columns));
  }
  return notes;
}

/** The universe with the columns of refused tables excluded. */
export function withoutRefused(universe: Universe, refused: readonly RefusedTable[]): Universe {
  if (refused.length === 0) return universe;
  const reasons = new Map(
    refused.map(({ table, refusal }): [string, ExclusionReason] => [
      tableText(table.table),
      { code: 'refused_table', facts: { refusal } },
    ]),
  );
  return {
    ...universe,
    columns: universe.columns.map((column) => {
      const exclusion = reasons.get(tableText(column.table));
      if (exclusion === undefined || column.exclusion !== undefined) return column;
      // Of the column too: a dataset remembers why it lacks it.
      return { ...column, column: { ...column.column, problem: exclusionKey(exclusion) }, exclusion };
    }),
  };
}
