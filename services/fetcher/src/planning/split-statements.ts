import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type CatalogueColumn, tableText } from '../catalogue/catalogue.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { SqlDialect, SqlStrategy } from '../sql/sql-dialect.js';
import type { StatementLimits } from '../sql/statement-limits.js';
import type { Statement, TableRead } from '../warehouse/warehouse.js';
import { packBins } from './pack-bins.js';
import { type ExceededLimit, exceededLimits, sizeVector, statementSize } from './statement-size.js';
import { partOf, readTable, type TablePiece, wholeTable } from './table-piece.js';

/** Up to this many feature tables are joined; more are packed, since wide joins die. */
export const MAX_JOINED_TABLES = 4;

/** For what a table adds beyond what is measured with it alone: UNION ALL, digits of its number. */
const JOINT_SLACK = 64;

/** One statement of a dataset. */
export interface PlannedStatement {
  readonly query: FetchQuery;
  /** What the tables of the query are of the whole one's. */
  readonly pieces: readonly TablePiece[];
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
  readonly exceeded?: readonly ExceededLimit[];
}

/**
 * One statement where that is within the limits, otherwise the fewest. The first brings targets; every other
 * reads the keys of the same sample again, which adds the key column of its source to its cost. A table is
 * cut only when it exceeds the limits on its own.
 *
 * @throws OnescanError FAILED_PRECONDITION when the limits leave no room for a single column
 */
export function splitStatements(query: FetchQuery, rules: SplitRules): SplitStatements {
  const whole = planStatement(query, { pieces: query.tables.map(wholeTable), isFirst: true }, rules);
  const exceeded = exceededLimits(statementSize(whole.query, whole.statement), rules.limits);
  if (exceeded.length === 0) return { statements: [whole] };
  const other = keysOnly(query);
  const load = (base: FetchQuery): number[] => sizeOf({ ...base, tables: [] }, rules);
  const otherLoad = load(other);
  const capacity = sizeVector(rules.limits);
  const firstLoad = load(query);
  if (firstLoad.some((value, d) => value > capacity[d]!)) throw noRoom('the targets');
  const room = capacity.map((value, d) => value - otherLoad[d]!);
  const pieceSize = (piece: TablePiece): number[] => {
    const size = sizeOf({ ...other, tables: [readTable(piece)] }, rules);
    // A source of keys that is a feature table too counts as one table there and as two here: no harm.
    return size.map((value, d) => value - otherLoad[d]! + (d >= 2 ? JOINT_SLACK : 0));
  };
  const fits = (piece: TablePiece): boolean => pieceSize(piece).every((value, d) => value <= room[d]!);
  const pieces = query.tables.flatMap((table) => cutTable(wholeTable(table), fits));
  const bins = packBins(pieces.map(pieceSize), { capacity, firstLoad, otherLoad });
  const statements = bins.map((bin, i) =>
    planStatement(query, { pieces: bin.map((item) => pieces[item]!), isFirst: i === 0 }, rules),
  );
  requireWithin(statements, rules.limits);
  return { statements, exceeded };
}

/** What the statements after the first bring besides their tables: the keys of the same sample. */
function keysOnly({ targets: _targets, closes: _closes, ...query }: FetchQuery): FetchQuery {
  return query;
}

/** What one statement of a query brings. */
export interface StatementPart {
  readonly pieces: readonly TablePiece[];
  /** The first brings the targets. */
  readonly isFirst: boolean;
  /** The way to write it; default: the better one that passes. */
  readonly strategy?: SqlStrategy;
}

/** Default: the strategy for the number of tables. */
export function planStatement(
  whole: FetchQuery,
  { pieces, isFirst }: StatementPart,
  rules: Pick<SplitRules, 'dialect' | 'sqlStrategy'>,
  strategy: SqlStrategy = strategiesOf(pieces.length, rules)[0]!,
): PlannedStatement {
  const query = { ...(isFirst ? whole : keysOnly(whole)), tables: pieces.map(readTable) };
  const statement = { sql: rules.dialect[strategy](query), reads: tableReads(query) };
  return { query, pieces, strategy, statement };
}

/** Ways to write a statement, the better first. */
export function strategiesOf(
  tables: number,
  { sqlStrategy }: Pick<SplitRules, 'sqlStrategy'>,
): readonly SqlStrategy[] {
  if (tables === 0) return ['pack'];
  if (sqlStrategy) return [sqlStrategy];
  return tables <= MAX_JOINED_TABLES ? ['join', 'pack'] : ['pack'];
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
function cutTable(whole: TablePiece, fits: (piece: TablePiece) => boolean): TablePiece[] {
  if (fits(whole)) return [whole];
  const pieces: TablePiece[] = [];
  for (let start = 0; start < whole.end; ) {
    let low = start;
    let high = whole.end;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(partOf(whole, start, middle))) low = middle;
      else high = middle - 1;
    }
    if (low === start) throw noRoom(`a single column of ${tableText(whole.table.table)}`);
    pieces.push(partOf(whole, start, low));
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

/**
 * What a fetch reads: targets and closes over their whole length, since ordinals and lags count from the
 * first bar; features, and keys without targets, over the sample's range. The key comes first in every read.
 */
function tableReads(query: FetchQuery): TableRead[] {
  const key: CatalogueColumn = { name: query.keyColumn, type: 'TIMESTAMP', kind: 'time' };
  const number = (name: string): CatalogueColumn => ({ name, type: 'DOUBLE', kind: 'number' });
  const reads: TableRead[] = [];
  if (query.targets) {
    const { table, columns } = query.targets;
    reads.push({ table, columns: [key, ...columns.map(({ column }) => number(column))], range: {} });
  } else {
    const { sources, range } = query.sample;
    for (const { table } of sources) reads.push({ table, columns: [key], range });
  }
  if (query.closes) {
    reads.push({ table: query.closes.table, columns: [key, number(query.closes.column)], range: {} });
  }
  for (const { table, numbers, texts } of query.tables) {
    reads.push({ table, columns: [key, ...numbers, ...texts], range: query.sample.range });
  }
  return mergeReads(reads);
}

/** One read for each table and range, so that no column is counted twice. */
function mergeReads(reads: readonly TableRead[]): TableRead[] {
  const merged = new Map<string, TableRead>();
  for (const read of reads) {
    const id = `${tableText(read.table)} ${JSON.stringify(read.range)}`;
    const same = merged.get(id);
    const names = new Set(same?.columns.map((column) => column.name));
    const added = read.columns.filter((column) => !names.has(column.name));
    merged.set(id, { ...read, columns: [...(same?.columns ?? []), ...added] });
  }
  return [...merged.values()];
}
