import { type CatalogueColumn, tableText } from '../catalogue/catalogue.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { TableRead } from '../warehouse/warehouse.js';

/**
 * What a fetch reads: targets and closes over their whole length, since ordinals and lags count from the
 * first bar; features, and keys without targets, over the sample's range. The key comes first in every read.
 */
export function tableReads(query: FetchQuery): TableRead[] {
  const key: CatalogueColumn = { name: query.keyColumn, type: 'TIMESTAMP', kind: 'time' };
  const number = (name: string): CatalogueColumn => ({ name, type: 'DOUBLE', kind: 'number' });
  const reads: TableRead[] = [];
  if (query.targets) {
    const { table, columns } = query.targets;
    reads.push({ table, columns: [key, ...columns.map(({ column }) => number(column))], range: {} });
  } else {
    const { sources, range } = query.sample;
    for (const { table } of sources) reads.push({ table, columns: [key], range });
  }
  if (query.closes) {
    reads.push({ table: query.closes.table, columns: [key, number(query.closes.column)], range: {} });
  }
  for (const { table, numbers, texts } of query.tables) {
    reads.push({ table, columns: [key, ...numbers, ...texts], range: query.sample.range });
  }
  return mergeReads(reads);
}

/** One read for each table and range, so that no column is counted twice. */
function mergeReads(reads: readonly TableRead[]): TableRead[] {
  const merged = new Map<string, TableRead>();
  for (const read of reads) {
    const id = `${tableText(read.table)} ${JSON.stringify(read.range)}`;
    const same = merged.get(id);
    const names = new Set(same?.columns.map((column) => column.name));
    const added = read.columns.filter((column) => !names.has(column.name));
    merged.set(id, { ...read, columns: [...(same?.columns ?? []), ...added] });
  }
  return [...merged.values()];
}
