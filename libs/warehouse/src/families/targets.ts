import { DEFAULT_HORIZONS, TARGET_WINDOWS, targetColumn } from '@onescan/contract/horizon.js';
import { barsTable } from '../bars/bars-table.js';
import { type Column, double, selectList } from '../column.js';
import { ATTACHED, KEY_COLUMN, TARGET_SCHEMA } from '../schema.js';

/** target_bqx{W}_h{H}[t] = bqx_W[t+H]: seven windows by seven horizons, NULL where the future ends. */
export function targetColumns(): Column[] {
  return TARGET_WINDOWS.flatMap((w) =>
    DEFAULT_HORIZONS.map((h) => double(targetColumn(w, h), `lead(bqx_${w}, ${h}) OVER (ORDER BY k)`)),
  );
}

export const targetsTable = (pair: string): string => `targets_${pair}`;

export function createTargetsTable(pair: string): string {
  const name = `${ATTACHED}.${TARGET_SCHEMA}.${targetsTable(pair)}`;
  return `CREATE TABLE ${name} AS SELECT ${KEY_COLUMN},\n  ${selectList(targetColumns())}\nFROM ${barsTable(pair)}`;
}
