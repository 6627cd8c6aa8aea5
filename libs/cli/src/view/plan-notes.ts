import type { PairPlan, Plan, PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';

import { noteKind, noteText } from '@onescan/contract/reasons/plan-note.js';

/** Notes of a kind that are shown; a short period or an odd table can cause hundreds. */
const WORST = 3;
const COUNT = new Intl.NumberFormat('en-US');

interface NotedPairs {
  note: PlanNote;
  /** Pairs with this very note, in plan order. */
  pairs: string[];
}

/** A plan, or what is known of pairs since. */
interface NotedPlan {
  readonly pairs: readonly Pick<PairPlan, 'pair' | 'notes'>[];
  readonly shared?: Plan['shared'];
}

/** A line for each kind of note, with how many there are and the worst of them; all are in `--json`. */
export function planNotes(plan: NotedPlan): string[] {
  const kinds = new Map<string, Map<string, NotedPairs>>();
  const owners = plan.pairs.map(({ pair, notes }) => ({ owner: pair, notes }));
  if (plan.shared) owners.push({ owner: 'shared tables', notes: plan.shared.notes });
  for (const { owner, notes } of owners) {
    for (const note of notes) {
      const kind = note.why ? noteKind(note.why.code) : note.kind;
      const text = noteText(note);
      const texts = kinds.get(kind) ?? new Map<string, NotedPairs>();
      const noted = texts.get(text) ?? { note, pairs: [] };
      noted.pairs.push(owner);
      kinds.set(kind, texts.set(text, noted));
    }
  }
  const cut = [...kinds.values()].some((texts) => texts.size > WORST);
  const lines = [...kinds].map(([kind, texts]) => kindLine(kind, [...texts.values()], plan.pairs.length));
  return cut ? [...lines, 'All notes are in plan --json and show --json.'] : lines;
}

function kindLine(kind: string, noted: readonly NotedPairs[], pairs: number): string {
  const worst = noted.toSorted((a, b) => b.note.severity - a.note.severity).slice(0, WORST);
  const texts = worst.map(({ note, pairs: of }) => `${noteText(note)}${whose(of, pairs)}`).join('; ');
  const count = noted.length > WORST ? ` (${COUNT.format(noted.length)}, the worst ${WORST})` : '';
  return `Note, ${kind}${count}: ${texts}`;
}

/** Which pairs have the note, by name where they are few. */
function whose(of: readonly string[], pairs: number): string {
  if (of.length >= pairs && pairs > 1) return pairs === 2 ? ' (both pairs)' : ` (all ${pairs} pairs)`;
  if (pairs === 1) return '';
  return of.length <= WORST ? ` (${of.join(', ')})` : ` (${of.length} of ${pairs} pairs)`;
}
