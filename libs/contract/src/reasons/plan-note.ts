import type { PlanNote } from '../generated/onescan/v1/plan.js';
import { type PlanNoteCode, type ReasonOf, readReason, reasonText } from './reason.js';

/** A note with its kind and its sentence. @param severity within its kind, e.g. the share that is missing */
export function planNote(why: ReasonOf<PlanNoteCode>, severity = 0): PlanNote {
  return { kind: noteKind(why.code), text: reasonText(why), severity, why };
}

/** What all notes of a code are about, in words. */
export function noteKind(code: string): string {
  return code.replaceAll('_', ' ');
}

/** The sentence of a note; of one from before there were codes, the one that it has. */
export function noteText({ why, text }: PlanNote): string {
  return reasonText(readReason(why, text));
}
