import { expect } from 'vitest';
import { FEATURE_SCHEMA } from '../schema.js';
import type { OpenWarehouse } from './open-warehouse.js';
import { LAST_COMMON_ROW } from './triangle-bars.js';

/**
 * Compares all tables of two warehouses up to the last bar that both have alike, and the trap columns, which do look ahead.
 *
 * @param other file of the warehouse whose later bars are others
 */
export async function expectNoLookAhead(warehouse: OpenWarehouse, other: string): Promise<void> {
  await warehouse.connection.run(`ATTACH '${other}' AS other (READ_ONLY)`);
  const [[end]] = (await warehouse.rows(
    `SELECT interval_time FROM ${FEATURE_SCHEMA}.base_idx_eurusd ORDER BY 1 LIMIT 1 OFFSET ${LAST_COMMON_ROW}`,
  )) as [[string]];
  const tables = (
    await warehouse.rows(`SELECT DISTINCT table_name FROM information_schema.columns
      WHERE table_catalog = 'warehouse' AND table_schema = '${FEATURE_SCHEMA}' AND column_name = 'interval_time' ORDER BY 1`)
  ).flat() as string[];
  expect(tables.length).toBeGreaterThan(65);
  for (const table of tables) {
    const star = table.startsWith('base_bqx_') ? "COLUMNS(c -> NOT starts_with(c, 'target_'))" : '*';
    const part = (catalog: string): string =>
      `SELECT ${star} FROM ${catalog}.${FEATURE_SCHEMA}.${table} WHERE interval_time <= '${end}'`;
    const digest = async (catalog: string): Promise<unknown[][]> =>
      await warehouse.rows(`SELECT count(*), bit_xor(hash(t)) FROM (${part(catalog)}) t`);
    const before = await digest('warehouse');
    expect(before[0]![0], table).toBeGreaterThan(100n);
    expect(await digest('other'), `${table} looks ahead`).toEqual(before);
  }
  // The test can fail: the trap columns do look ahead, and so do the targets.
  const [[leaked]] = (await warehouse.rows(`SELECT count(*) FROM ${FEATURE_SCHEMA}.base_bqx_eurusd a
    JOIN other.${FEATURE_SCHEMA}.base_bqx_eurusd b USING (interval_time)
    WHERE interval_time <= '${end}' AND a.target_45 <> b.target_45`)) as [[bigint]];
  expect(leaked).toBe(45n);
}
