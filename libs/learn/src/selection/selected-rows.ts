import type { LearnConfig } from '../config/learn-config.js';

/** Leading rows that features of the final models are selected on. */
export function selectedRows(
  developmentRows: number,
  { select, protocol }: Pick<LearnConfig, 'select' | 'protocol'>,
): number {
  return select.nested === 'yes' ? developmentRows : Math.floor(developmentRows * protocol.selectionShare);
}
