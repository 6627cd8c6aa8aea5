import { formatCount } from '@onescan/shared/format/count.js';
import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { FeatureGroup } from '@onescan/shared/generated/onescan/v1/spec.js';
import { PAIRS } from '@onescan/shared/pair.js';
import { planNote } from '../planning/plan-note.js';
import type { CatalogueTable } from '../warehouse/warehouse.js';
import { matchesGlob } from './glob.js';

const NAMED = 5;

/** True when a group has the table, for the pair. */
export function inGroup(table: Pick<CatalogueTable, 'name'>, group: FeatureGroup, pair: string): boolean {
  return group.tables.some((glob) => matchesGlob(glob.replaceAll('{pair}', pair), table.name));
}

/** Notes on tables that several groups match, and on those that none does, whatever the pair. */
export function groupNotes(
  tables: readonly CatalogueTable[],
  groups: readonly FeatureGroup[],
  pair: string,
): PlanNote[] {
  const notes: PlanNote[] = [];
  const outside: string[] = [];
  for (const table of tables) {
    const names = groups.filter((group) => inGroup(table, group, pair)).map(({ name }) => name);
    if (names.length > 1) {
      const text = `table ${table.name} matches the groups ${names.join(' and ')}: it counts as ${names[0]}`;
      notes.push(planNote('table in several groups', text));
    }
    const ofAnother = (group: FeatureGroup): boolean => PAIRS.some((other) => inGroup(table, group, other));
    if (names.length === 0 && !groups.some(ofAnother)) outside.push(table.name);
  }
  if (outside.length > 0) notes.push(outsideNote(outside));
  return notes;
}

function outsideNote(names: readonly string[]): PlanNote {
  const more = names.length > NAMED ? ', ...' : '';
  const text = `${formatCount(names.length, 'table')} in no group, and so not in the universe: ${names.slice(0, NAMED).join(', ')}${more}`;
  return planNote('tables outside all groups', text, names.length);
}
