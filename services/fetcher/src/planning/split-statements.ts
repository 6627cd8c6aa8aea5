import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { FetchQuery, FetchTable } from '../sql/fetch-query.js';
import type { SqlDialect, SqlStrategy } from '../sql/sql-dialect.js';
import { type Statement, tableText } from '../warehouse/warehouse.js';
import { packBins } from './pack-bins.js';
import { planNote } from './plan-note.js';
import { exceededLimits, type StatementLimits, sizeVector, statementSize } from './statement-limits.js';
import { tableReads } from './table-reads.js';

/** Up to this many feature tables are joined; more are packed, since wide joins die. */
export const MAX_JOINED_TABLES = 4;

/** For what a table adds beyond what is measured with it alone: UNION ALL, digits of its number. */
const JOINT_SLACK = 64;

/** One statement of a dataset. */
export interface PlannedStatement {
  readonly query: FetchQuery;
  readonly strategy: SqlStrategy;
  readonly statement: Statement;
}

export interface SplitRules {
  readonly dialect: SqlDialect;
  readonly limits: StatementLimits;
  /** Default: by the number of tables. */
  readonly sqlStrategy?: SqlStrategy;
}

export interface SplitStatements {
  readonly statements: readonly PlannedStatement[];
  /** Why one statement does not do; absent when it does. */
  readonly reason?: string;
}

/** A note that says how many statements there are and why; none for one. */
export function splitNotes({ statements, reason }: SplitStatements): PlanNote[] {
  if (reason === undefined) return [];
  const count = statements.length;
  const text = `${count} statements instead of one: ${reason}; each but the first reads the keys again`;
  return [planNote('split statements', text, count)];
}

/**
 * One statement where that is within the limits, otherwise the fewest. The first brings targets; every other
 * reads the keys of the same sample again, which adds the key column of its source to its cost. A table is
 * cut only when it exceeds the limits on its own.
 *
 * @throws OnescanError FAILED_PRECONDITION when the limits leave no room for a single column
 */
export function splitStatements(query: FetchQuery, rules: SplitRules): SplitStatements {
  const whole = planStatement(query, rules);
  const exceeded = exceededLimits(statementSize(query, whole.statement), rules.limits);
  if (exceeded.length === 0) return { statements: [whole] };
  const { targets: _targets, closes: _closes, ...keysOnly } = query;
  const load = (base: FetchQuery): number[] => sizeOf({ ...base, tables: [] }, rules);
  const otherLoad = load(keysOnly);
  const capacity = sizeVector(rules.limits);
  const firstLoad = load(query);
  if (firstLoad.some((value, d) => value > capacity[d]!)) throw noRoom('the targets');
  const room = capacity.map((value, d) => value - otherLoad[d]!);
  const tableSize = (table: FetchTable): number[] => {
    const size = sizeOf({ ...keysOnly, tables: [table] }, rules);
    // A source of keys that is a feature table too counts as one table there and as two here: no harm.
    return size.map((value, d) => value - otherLoad[d]! + (d >= 2 ? JOINT_SLACK : 0));
  };
  const fits = (table: FetchTable): boolean => tableSize(table).every((value, d) => value <= room[d]!);
  const tables = query.tables.flatMap((table) => cutTable(table, fits));
  const bins = packBins(tables.map(tableSize), { capacity, firstLoad, otherLoad });
  const statements = bins.map((bin, i) =>
    planStatement({ ...(i === 0 ? query : keysOnly), tables: bin.map((item) => tables[item]!) }, rules),
  );
  requireWithin(statements, rules.limits);
  return { statements, reason: exceeded.join(', ') };
}

function planStatement(query: FetchQuery, rules: SplitRules): PlannedStatement {
  const few = query.tables.length > 0 && query.tables.length <= MAX_JOINED_TABLES;
  const strategy = query.tables.length === 0 ? 'pack' : (rules.sqlStrategy ?? (few ? 'join' : 'pack'));
  return { query, strategy, statement: { sql: rules.dialect[strategy](query), reads: tableReads(query) } };
}

/** Sizes as packing sees them: of the larger of both texts where either may be chosen. */
function sizeOf(query: FetchQuery, { dialect, sqlStrategy }: SplitRules): number[] {
  const reads = tableReads(query);
  const strategies: SqlStrategy[] = sqlStrategy ? [sqlStrategy] : ['pack', 'join'];
  const sizes = strategies.map((strategy) =>
    sizeVector(statementSize(query, { sql: dialect[strategy](query), reads })),
  );
  return sizes[0]!.map((_, d) => Math.max(...sizes.map((size) => size[d]!)));
}

/** Pieces of as many columns as fit, in order; the table itself when it fits. */
function cutTable(table: FetchTable, fits: (table: FetchTable) => boolean): FetchTable[] {
  if (fits(table)) return [table];
  const columns = [...table.numbers, ...table.texts];
  const piece = (start: number, end: number): FetchTable => {
    const taken = new Set(columns.slice(start, end));
    return {
      table: table.table,
      numbers: table.numbers.filter((column) => taken.has(column)),
      texts: table.texts.filter((column) => taken.has(column)),
    };
  };
  const pieces: FetchTable[] = [];
  for (let start = 0; start < columns.length; ) {
    let low = start;
    let high = columns.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(piece(start, middle))) low = middle;
      else high = middle - 1;
    }
    if (low === start) throw noRoom(`a single column of ${tableText(table.table)}`);
    pieces.push(piece(start, low));
    start = low;
  }
  return pieces;
}

function requireWithin(statements: readonly PlannedStatement[], limits: StatementLimits): void {
  for (const { query, statement } of statements) {
    const [exceeded] = exceededLimits(statementSize(query, statement), limits);
    if (!exceeded) continue;
    throw new OnescanError('INTERNAL', `a statement of ${statements.length} still has ${exceeded}`);
  }
}

function noRoom(what: string): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `the limits of a statement leave no room for ${what}`, {
    remedy:
      'Raise the limits (--statement-columns, --statement-tables), ask for fewer horizons or rows, or sample with strategy hash instead of days',
  });
}
