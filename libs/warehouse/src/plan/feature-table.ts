import { createFeatureTable } from '../column.js';
import type { Family } from '../families/family.js';
import type { PlannedTable, TableGroup } from './build-step.js';

export function featureTable(group: TableGroup, name: string, family: Family): PlannedTable {
  return {
    name,
    group,
    columns: family.columns.length,
    sql: createFeatureTable(name, family.columns, family.from),
  };
}
