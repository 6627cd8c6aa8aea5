import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import type { CandidateColumn } from '@onescan/dataset/dataset-content.js';
import { MAX_ORDINAL_TEXTS } from '@onescan/dataset/judge-columns.js';
import { type CatalogueColumn, tableText } from '../catalogue/catalogue.js';
import type { Universe } from '../universe/universe.js';
import type { TablePart } from './table-part.js';

/** The whole universe, with the place in the spool of what was fetched; columns of shared groups are elsewhere. */
export function candidateColumns(
  universe: Universe,
  parts: readonly TablePart[],
  sharedGroups: ReadonlySet<string> = new Set(),
): CandidateColumn[] {
  const places = new Map<string, { table: number; column: number; part: TablePart }>();
  for (const [table, part] of parts.entries()) {
    const columns = [...part.table.numbers, ...part.table.texts];
    for (const [column, { name }] of columns.entries()) {
      places.set(`${tableText(part.table.table)}.${name}`, { table, column, part });
    }
  }
  return universe.columns.map(({ featureId, group, table, column, exclusion }) => {
    const described = { featureId, group, type: column.type };
    if (exclusion !== undefined) return { ...described, encoding: 'number' as const, exclusion };
    if (sharedGroups.has(group)) return { ...described, encoding: 'number' as const, isShared: true };
    const place = places.get(`${tableText(table)}.${column.name}`);
    if (!place) throw new OnescanError('INTERNAL', `${featureId} was planned but not fetched`);
    const spooled = { ...described, spool: { table: place.table, column: place.column } };
    return column.kind === 'text'
      ? textCandidate(spooled, place, column)
      : { ...spooled, encoding: numberEncoding(column) };
  });
}

function numberEncoding(column: CatalogueColumn): 'number' | 'bool' {
  return column.kind === 'bool' ? 'bool' : 'number';
}

function textCandidate(
  spooled: Omit<CandidateColumn, 'encoding'>,
  place: { column: number; part: TablePart },
  column: CatalogueColumn,
): CandidateColumn {
  const codes = place.part.codes[place.column - place.part.table.numbers.length]!;
  if (codes.tooMany) return { ...spooled, encoding: 'ordinal', exclusion: tooManyTexts(column) };
  return { ...spooled, encoding: 'ordinal', texts: codes.texts };
}

/** Why a column of too many texts is excluded. */
export function tooManyTexts({ type }: Pick<CatalogueColumn, 'type'>): ExclusionReason {
  return { code: 'too_many_texts', facts: { type, limit: MAX_ORDINAL_TEXTS } };
}
