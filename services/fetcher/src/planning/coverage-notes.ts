import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { TARGET_WINDOWS } from '@onescan/contract/horizon.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import { type CatalogueTable, type KeySpan, tableText } from '../catalogue/catalogue.js';
import type { Universe } from '../universe/universe.js';
import type { OtherTables, WarehouseView } from '../warehouse/warehouse.js';
import { keyText } from './key-text.js';

/** A table that covers less than this share of the targets' span is noted. */
const MIN_COVERED_SHARE = 0.95;

/**
 * Features over a window of bars have no rows for the first bars, as many as the longest window, and where only
 * partitions are known, none of the first day.
 */
const WARM_UP_BARS = Math.max(...TARGET_WINDOWS);
const DAY_MICROS = 86_400_000_000;

const NAMED = 5;

/** First and last key of the targets, and their rows in between, which tell how long a bar is. */
export interface TargetsSpan extends KeySpan {
  readonly rows?: number | undefined;
}

/**
 * Notes on tables without rows, on those that cover only a part of the targets' span, by the part missing, and on
 * those of which that cannot be known before the fetch.
 *
 * @param ofRun feature tables of all pairs of the run, which are looked up along
 */
export async function coverageNotes(
  warehouse: Pick<WarehouseView, 'keySpans'>,
  targets: TargetsSpan | undefined,
  universe: Universe,
  ofRun: OtherTables,
): Promise<PlanNote[]> {
  const tables = tablesWithColumns(universe);
  const spans = await warehouse.keySpans?.(tables, ofRun);
  const spanOf = (table: CatalogueTable): KeySpan | undefined =>
    ownSpan(table) ?? spans?.get(tableText(table));
  const notes: PlanNote[] = [];
  const unknown: string[] = [];
  for (const table of tables) {
    const span = spanOf(table);
    if (table.rows === 0) {
      notes.push(planNote({ code: 'table_without_rows', facts: { table: table.name } }));
    } else if (!span) unknown.push(table.name);
    else if (targets) notes.push(...partial(table.name, span, targets));
  }
  return unknown.length > 0 ? [...notes, unknownNote(unknown)] : notes;
}

/** The tables of which a column is read. */
export function tablesWithColumns({ columns, tables }: Universe): CatalogueTable[] {
  const read = new Set(columns.filter((column) => column.exclusion === undefined).map(({ table }) => table));
  return tables.filter((table) => read.has(table));
}

/** The span that the catalogue tells. */
export function ownSpan({ minKey, maxKey }: CatalogueTable): KeySpan | undefined {
  return minKey === undefined || maxKey === undefined ? undefined : { minKey, maxKey };
}

function partial(name: string, { minKey, maxKey }: KeySpan, targets: TargetsSpan): PlanNote[] {
  const whole = targets.maxKey - targets.minKey;
  const covered = Math.min(maxKey, targets.maxKey) - Math.max(minKey, targets.minKey);
  const late = minKey - targets.minKey;
  const warmUp = late > 0 && late <= warmUpMicros(targets) && covered > whole / 2 ? late : 0;
  if (covered + warmUp >= whole * MIN_COVERED_SHARE) return [];
  const facts = { table: name, from: keyText(minKey), to: keyText(maxKey) };
  return [planNote({ code: 'partial_coverage', facts }, 1 - Math.max(0, covered) / whole)];
}

function warmUpMicros({ minKey, maxKey, rows }: TargetsSpan): number {
  const bar = rows ? (maxKey - minKey) / rows : 0;
  return Math.max(DAY_MICROS, WARM_UP_BARS * bar);
}

function unknownNote(names: readonly string[]): PlanNote {
  const facts = { tables: names.length, first: names.slice(0, NAMED) };
  return planNote({ code: 'coverage_unknown_before_the_fetch', facts }, names.length);
}
