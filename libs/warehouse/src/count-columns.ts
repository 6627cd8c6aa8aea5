import type { GroupCounts } from './manifest.js';
import type { BuildStep, TableGroup } from './plan/build-step.js';

export interface ColumnCounts {
  readonly groups: Partial<Record<TableGroup, GroupCounts>>;
  readonly columnsOfPair: Record<string, number>;
}

/**
 * Counts tables and columns by group, and the feature columns that a run on each pair finds: those of tables whose
 * name contains the pair and those of the shared groups. Keys and targets tables do not count.
 */
export function countColumns(pairs: readonly string[], steps: readonly BuildStep[]): ColumnCounts {
  const tables = steps.flatMap((step) => step.tables);
  const groups: Partial<Record<TableGroup, GroupCounts>> = {};
  for (const { group, columns } of tables) {
    const before = groups[group] ?? { tables: 0, columns: 0 };
    groups[group] = { tables: before.tables + 1, columns: before.columns + columns };
  }
  const features = tables.filter(({ group }) => group !== 'targets');
  const columnsOfPair = Object.fromEntries(
    pairs.map((pair) => [
      pair,
      features
        .filter(({ group, name }) => group !== 'pair' || name.includes(pair))
        .reduce((sum, { columns }) => sum + columns, 0),
    ]),
  );
  return { groups, columnsOfPair };
}
