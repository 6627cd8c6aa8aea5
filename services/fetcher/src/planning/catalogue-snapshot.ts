import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import { type CatalogueTable, tableText } from '../catalogue/catalogue.js';
import type { Universe, UniverseColumn } from '../universe/universe.js';

/**
 * Tables, columns and types of a universe as they were when it was planned: what a later plan is compared with. Tables
 * in order of their names, columns as stored, excluded ones included.
 */
export function catalogueSnapshot(universe: Universe): { json: string; sha256: string } {
  const columns = new Map<CatalogueTable, UniverseColumn[]>();
  for (const column of universe.columns) {
    const known = columns.get(column.table);
    if (known) known.push(column);
    else columns.set(column.table, [column]);
  }
  const tables = [...columns].map(([table, own]) => ({
    table: tableText(table),
    group: own[0]!.group,
    columns: own.map(({ column }) => [column.name, column.type]),
  }));
  tables.sort((a, b) => (a.table < b.table ? -1 : 1));
  const json = canonicalJson({ format: 'onescan.catalogue', formatVersion: 1, tables });
  return { json, sha256: sha256Hex(json) };
}
