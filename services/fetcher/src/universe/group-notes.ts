import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { FeatureGroup } from '@onescan/contract/generated/onescan/v1/spec.js';
import { PAIRS } from '@onescan/contract/pair.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { CatalogueTable } from '../catalogue/catalogue.js';
import { GlobSet } from './glob.js';

const NAMED = 5;

/** A group of features with the globs of its tables for one pair. */
export interface PairGroup {
  readonly group: FeatureGroup;
  readonly globs: GlobSet;
}

/** The groups of a pair, in order. */
export function pairGroups(groups: readonly FeatureGroup[], pair: string): PairGroup[] {
  return groups.map((group) => ({ group, globs: pairGlobs([group], pair) }));
}

/** The globs of the tables of groups, for one pair. */
export function pairGlobs(groups: readonly FeatureGroup[], pair: string): GlobSet {
  return new GlobSet(groups.flatMap(({ tables }) => tables.map((glob) => glob.replaceAll('{pair}', pair))));
}

/** Notes on tables that several groups match, and on those that none does, whatever the pair. */
export function groupNotes(tables: readonly CatalogueTable[], groups: readonly PairGroup[]): PlanNote[] {
  const ofAnyPair = new GlobSet(
    groups.flatMap(({ group }) =>
      group.tables.flatMap((glob) => PAIRS.map((pair) => glob.replaceAll('{pair}', pair))),
    ),
  );
  const notes: PlanNote[] = [];
  const outside: string[] = [];
  for (const table of tables) {
    const names = groups.filter(({ globs }) => globs.matches(table.name)).map(({ group }) => group.name);
    if (names.length > 1) {
      const facts = { table: table.name, groups: names };
      notes.push(planNote({ code: 'table_in_several_groups', facts }));
    }
    if (names.length === 0 && !ofAnyPair.matches(table.name)) outside.push(table.name);
  }
  if (outside.length > 0) notes.push(outsideNote(outside));
  return notes;
}

function outsideNote(names: readonly string[]): PlanNote {
  const facts = { tables: names.length, first: names.slice(0, NAMED) };
  return planNote({ code: 'tables_outside_all_groups', facts }, names.length);
}
