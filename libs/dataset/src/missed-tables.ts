import type { MissedTable } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { ReasonOf } from '@onescan/contract/reasons/reason.js';
import type { DatasetColumn } from './dataset.js';

/** A table whose fullest column lacks a value in this share of the rows is named. */
const MISSED = 0.9;
/** Tables that are named, whatever their number. */
const NAMED = 20;

/** Tables that have no row for most rows of a dataset, as where their keys are off by seconds; the emptiest first. */
export function missedTables(columns: readonly DatasetColumn[]): MissedTable[] {
  const fullest = new Map<string, number>();
  for (const { included, featureId, nullShare } of columns) {
    const table = featureId.slice(0, featureId.indexOf('.'));
    if (included) fullest.set(table, Math.min(fullest.get(table) ?? 1, nullShare));
  }
  return [...fullest]
    .flatMap(([table, missed]) => (missed >= MISSED ? [{ table, missed }] : []))
    .sort((a, b) => b.missed - a.missed)
    .slice(0, NAMED);
}

/** The same as what a plan notes. */
export function missedReason({ table, missed }: MissedTable): ReasonOf<'keys_missed'> {
  return { code: 'keys_missed', facts: { table, missed } };
}
