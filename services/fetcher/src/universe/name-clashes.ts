import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { UniverseColumn } from './universe.js';

/**
 * Excludes columns whose feature id differs from an earlier one's only in case: dataset files and SQL on them do not
 * tell such names apart. BigQuery allows tables mom_eurusd and MOM_eurusd side by side.
 */
export function excludeCaseClashes(columns: readonly UniverseColumn[]): {
  columns: UniverseColumn[];
  notes: PlanNote[];
} {
  const first = new Map<string, string>();
  const notes: PlanNote[] = [];
  const judged = columns.map((column): UniverseColumn => {
    if (column.exclusion !== undefined) return column;
    const { featureId } = column;
    const other = first.get(featureId.toLowerCase());
    if (other === undefined) {
      first.set(featureId.toLowerCase(), featureId);
      return column;
    }
    notes.push(planNote({ code: 'names_differ_in_case', facts: { feature: featureId, other } }));
    return { ...column, exclusion: { code: 'name_differs_in_case', facts: { other } } };
  });
  return { columns: judged, notes };
}
