import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { Universe } from '../universe/universe.js';
import type { CatalogueTable } from '../warehouse/warehouse.js';
import { keyText } from './key-text.js';
import { planNote } from './plan-note.js';

/** A table that covers less than this share of the targets' span is noted. */
const MIN_COVERED_SHARE = 0.95;

/** Notes on tables without rows, and on those that cover only a part of the targets' span, by the part missing. */
export function coverageNotes(targets: CatalogueTable, universe: Universe): PlanNote[] {
  if (targets.minKey === undefined || targets.maxKey === undefined) return [];
  const span = targets.maxKey - targets.minKey;
  const notes: PlanNote[] = [];
  for (const table of universe.tables) {
    if (table.rows === 0) {
      notes.push(
        planNote('table without rows', `table ${table.name} has no rows: its columns are all missing`),
      );
    }
    if (table.minKey === undefined || table.maxKey === undefined) continue;
    const covered = Math.min(table.maxKey, targets.maxKey) - Math.max(table.minKey, targets.minKey);
    if (covered >= span * MIN_COVERED_SHARE) continue;
    const text = `table ${table.name} covers only ${keyText(table.minKey)} to ${keyText(table.maxKey)}`;
    notes.push(planNote('partial coverage', text, 1 - Math.max(0, covered) / span));
  }
  return notes;
}
