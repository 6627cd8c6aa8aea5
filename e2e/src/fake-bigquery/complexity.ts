import { ApiError } from './api-error.js';

/** What a statement is made of, as far as its complexity goes. */
export interface StatementParts {
  /** That are read, those below views too. */
  readonly tables: number;
  /** Of all tables that are read. */
  readonly columns: number;
  /** Of its text. */
  readonly characters: number;
}

/** A bound on the weighted sum of a statement's parts; parts without a weight count nothing. */
export interface ComplexityLimit extends Partial<StatementParts> {
  readonly most: number;
}

export const TOO_COMPLEX =
  'Resources exceeded during query execution: Not enough resources for query planning - too many subqueries or query is too complex.';

/**
 * A guess: BigQuery says neither what it counts nor where it stops, only that repeated UNION ALL, WITH clauses and views
 * that are nested or used repeatedly make a query complex.
 */
export function complexityOf(parts: StatementParts, limit: ComplexityLimit): number {
  const { tables = 0, columns = 0, characters = 0 } = limit;
  return tables * parts.tables + columns * parts.columns + characters * parts.characters;
}

/** @throws ApiError 400 resourcesExceeded beyond the limit, as BigQuery does in a dry run too */
export function requireSimple(parts: StatementParts, limit: ComplexityLimit | undefined): void {
  if (limit === undefined || complexityOf(parts, limit) <= limit.most) return;
  throw new ApiError(400, 'resourcesExceeded', TOO_COMPLEX);
}
