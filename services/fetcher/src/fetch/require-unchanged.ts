import { namesText } from '@onescan/contract/format/names.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { tableText } from '../catalogue/catalogue.js';
import type { PlannedPair } from '../planning/plan-pair.js';
import type { Warehouse } from '../warehouse/warehouse.js';

/**
 * Makes sure that what was fetched is what was planned: the file may have been changed between the plan and the
 * statements, or between two of them.
 *
 * @throws OnescanError FAILED_PRECONDITION naming the tables that have changed
 */
export async function requireUnchanged(
  warehouse: Warehouse,
  { pair, tables }: Pick<PlannedPair, 'pair' | 'tables'>,
): Promise<void> {
  const changed = (await warehouse.findChanged?.(tables)) ?? [];
  if (changed.length === 0) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `${namesText(changed.map(tableText))} changed while ${pair} was fetched: its rows may be of two states`,
    {
      remedy: 'Resume the run when nothing writes to the warehouse: what it lacks is planned again',
      details: { pair, tables: changed.length },
    },
  );
}
