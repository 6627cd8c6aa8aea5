import type { CatalogueChange } from '../generated/onescan/v1/plan.js';
import { formatCount } from './count.js';

/** Names given of each kind of change. */
const NAMED = 3;

/** What changed in tables and columns since an approved plan, in one sentence with some names. */
export function formatCatalogueChange(change: CatalogueChange): string {
  const { approvedAt, approvedBy, runId } = change;
  const time = new Date(Number(approvedAt?.seconds ?? 0n) * 1000)
    .toISOString()
    .slice(0, 16)
    .replace('T', ' ');
  const since = `the plan approved on ${time} by ${approvedBy} (run ${runId})`;
  const added = columnsOf(change.columnsOfAddedTables);
  const removed = columnsOf(change.columnsOfRemovedTables);
  const parts = [
    part('+', change.tablesAdded, 'table', added),
    part('-', change.tablesRemoved, 'table', removed),
    part('+', change.columnsAdded, 'column', ''),
    part('-', change.columnsRemoved, 'column', ''),
    part('', typeTexts(change), 'changed type', ''),
  ].filter((text) => text !== '');
  return parts.length === 0
    ? `Tables and columns are those of ${since}.`
    : `Tables and columns since ${since}: ${parts.join('; ')}.`;
}

function typeTexts({ typesChanged }: CatalogueChange): string[] {
  return typesChanged.map(({ featureId, before, now }) => `${featureId} ${before} to ${now}`);
}

function columnsOf(count: number): string {
  return count === 0 ? '' : ` of ${formatCount(count, 'column')}`;
}

function part(sign: string, names: readonly string[], noun: string, detail: string): string {
  if (names.length === 0) return '';
  const some = names.slice(0, NAMED).join(', ');
  const more = names.length > NAMED ? ', ...' : '';
  const count = names.length.toLocaleString('en');
  return `${sign}${count} ${noun}${names.length === 1 ? '' : 's'}${detail} (${some}${more})`;
}
