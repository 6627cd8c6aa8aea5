import type { CatalogueChange } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { z } from 'zod';

/** Columns with their types, by "schema.table". */
export type Catalogue = ReadonlyMap<string, ReadonlyMap<string, string>>;

const SNAPSHOT = z.object({
  format: z.literal('onescan.catalogue'),
  formatVersion: z.literal(1),
  tables: z.array(z.object({ table: z.string(), columns: z.array(z.tuple([z.string(), z.string()])) })),
});

/**
 * Reads the fetcher's snapshot of a pair's tables and columns.
 *
 * @throws OnescanError DATA_LOSS when it is not one
 */
export function parseCatalogue(json: Uint8Array): Catalogue {
  try {
    const { tables } = SNAPSHOT.parse(JSON.parse(new TextDecoder().decode(json)));
    return new Map(tables.map(({ table, columns }) => [table, new Map(columns)]));
  } catch (thrown) {
    throw new OnescanError('DATA_LOSS', 'a stored snapshot of the catalogue cannot be read', {
      cause: thrown,
    });
  }
}

type Difference = Omit<CatalogueChange, 'runId' | 'approvedAt' | 'approvedBy' | 'pairs'>;

/** What became of tables and columns; a table that several pairs share counts once. Names in order. */
export function compareCatalogues(before: readonly Catalogue[], now: readonly Catalogue[]): Difference {
  const [old, current] = [merge(before), merge(now)];
  const tablesAdded = [...current.keys()].filter((table) => !old.has(table)).sort();
  const tablesRemoved = [...old.keys()].filter((table) => !current.has(table)).sort();
  const difference: Difference = {
    tablesAdded,
    tablesRemoved,
    columnsAdded: [],
    columnsRemoved: [],
    typesChanged: [],
    columnsOfAddedTables: countColumns(current, tablesAdded),
    columnsOfRemovedTables: countColumns(old, tablesRemoved),
  };
  for (const [table, columns] of current) {
    const was = old.get(table);
    if (was) compareColumns(table, [was, columns], difference);
  }
  return difference;
}

/** True when nothing changed. */
export function isUnchanged(change: Difference): boolean {
  const { tablesAdded, tablesRemoved, columnsAdded, columnsRemoved, typesChanged } = change;
  return [tablesAdded, tablesRemoved, columnsAdded, columnsRemoved, typesChanged].every(
    (list) => list.length === 0,
  );
}

function compareColumns(
  table: string,
  [was, is]: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>],
  into: Difference,
): void {
  for (const [column, now] of is) {
    const before = was.get(column);
    const featureId = `${table}.${column}`;
    if (before === undefined) into.columnsAdded.push(featureId);
    else if (before !== now) into.typesChanged.push({ featureId, before, now });
  }
  for (const column of was.keys()) if (!is.has(column)) into.columnsRemoved.push(`${table}.${column}`);
}

function merge(catalogues: readonly Catalogue[]): Catalogue {
  return new Map(catalogues.flatMap((catalogue) => [...catalogue]));
}

function countColumns(catalogue: Catalogue, tables: readonly string[]): number {
  return tables.reduce((sum, table) => sum + catalogue.get(table)!.size, 0);
}
