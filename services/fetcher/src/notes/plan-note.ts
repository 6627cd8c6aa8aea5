import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';

/** Kinds of notes; plans count the notes of a kind, so a kind's words fit all of its notes. */
export type PlanNoteKind =
  | 'split statements'
  | 'table refused'
  | 'group without tables'
  | 'rare family'
  | 'table without key'
  | 'table that cannot be read'
  | 'table without rows'
  | 'partial coverage'
  | 'columns removed'
  | 'target not stored'
  | 'no overlap baseline'
  | 'names differ in case'
  | 'table in several groups'
  | 'tables outside all groups'
  | 'lineage rule without columns'
  | 'coverage unknown before the fetch'
  | 'period cuts a day'
  | 'estimate is no bound'
  | 'little disk'
  | 'damaged dataset'
  | 'dataset not used'
  | 'numbers rounded';

/** A note with a severity of its own within its kind, e.g. the share that is missing. */
export function planNote(kind: PlanNoteKind, text: string, severity = 0): PlanNote {
  return { kind, text, severity };
}
