import type { DatasetColumn } from '@onescan/dataset/dataset.js';
import { openDatasetFile } from '@onescan/dataset/dataset-file.js';
import type { DatasetReserve } from '@onescan/dataset/dataset-reserve.js';
import { type DatasetIdentity, type IdentityTable, parseIdentity } from '../planning/dataset-identity.js';

/** Where the file of a dataset has the values of a column, and how they are encoded. */
export interface HeldValues {
  readonly from: 'matrix' | 'withheld';
  /** In the file's own matrix, or among its withheld columns. */
  readonly position: number;
  readonly encoding: string;
  /** Rows whose value was infinite. */
  readonly infinite: readonly number[];
}

/** Texts that are too many: their values are gone. */
export interface HeldTexts {
  readonly from: 'texts';
  /** The least sample that is sure to hold too many, too. */
  readonly manyTextsFrom: number;
}

/** A dataset in the cache and what others can be made of it. */
export interface HeldDataset {
  readonly path: string;
  readonly datasetId: string;
  readonly rows: number;
  readonly identity: DatasetIdentity;
  /** By {@link columnKey}; columns that were not fetched, or are in a shared dataset, are left out. */
  readonly columns: ReadonlyMap<string, HeldValues | HeldTexts>;
}

export function columnKey(table: Pick<IdentityTable, 'schema' | 'name'>, column: { name: string }): string {
  return JSON.stringify([table.schema, table.name, column.name]);
}

/**
 * What a dataset file holds; undefined for one of an earlier version, of which nothing can be made.
 *
 * @throws OnescanError DATA_LOSS when it is damaged, FAILED_PRECONDITION when it has another format
 */
export async function readHeldDataset(path: string): Promise<HeldDataset | undefined> {
  const file = await openDatasetFile(path, undefined);
  try {
    const { meta } = file;
    const identity = parseIdentity(meta.identity);
    const columns = identity && heldColumns(identity, file.columns, await file.readReserve());
    if (!identity || !columns) return undefined;
    return { path, datasetId: meta.datasetId, rows: meta.rows, identity, columns };
  } finally {
    file.close();
  }
}

/** Undefined when the columns are not those of the identity. */
function heldColumns(
  { tables }: DatasetIdentity,
  stored: readonly DatasetColumn[],
  { withheld, infinities }: DatasetReserve,
): HeldDataset['columns'] | undefined {
  const held = new Map<string, HeldValues | HeldTexts>();
  const kept = new Map(withheld.map((column) => [column.ordinal, column]));
  let ordinal = 0;
  let position = 0;
  for (const table of tables) {
    for (const column of table.columns) {
      const here = stored[ordinal];
      if (here?.featureId !== `${table.name}.${column.name}`) return undefined;
      const infinite = infinities.get(ordinal) ?? [];
      const other = kept.get(ordinal++);
      const key = columnKey(table, column);
      if (here.included) {
        if (here.sharedPosition !== undefined) continue;
        held.set(key, { from: 'matrix', position: position++, encoding: here.encoding, infinite });
      } else if (other?.manyTextsFrom !== undefined) {
        held.set(key, { from: 'texts', manyTextsFrom: other.manyTextsFrom });
      } else if (other?.position !== undefined) {
        held.set(key, { from: 'withheld', position: other.position, encoding: other.encoding, infinite });
      }
    }
  }
  return ordinal === stored.length ? held : undefined;
}
