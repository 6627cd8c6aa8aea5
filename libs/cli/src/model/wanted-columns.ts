import { OnescanError } from '@onescan/contract/onescan-error.js';
import { KEY_COLUMN } from '@onescan/dataset/dataset-layout.js';

/** Name of the column with the rows' keys. */
export const TIME_COLUMN = KEY_COLUMN;

/** A column that a model needs. */
export interface WantedColumn {
  readonly name: string;
  /** How a value becomes a number, as a dataset says: "number", "bool", or JSON {"ordinal": [texts]}. */
  readonly encoding: string;
}

/** Columns as numbers, NaN where missing; rows are in the order of the file. */
export interface ReadColumns {
  readonly rows: number;
  /** In the order asked for. */
  readonly values: readonly Float64Array[];
  /** Epoch microseconds of the rows' keys, where the data has them. */
  readonly time: BigInt64Array | null;
}

/** Most numbers that are held at once: 4 GiB. */
const MOST_VALUES = 2 ** 29;

/** Missing columns named in a message. */
const NAMED = 10;

/** @throws OnescanError INVALID_ARGUMENT naming columns that are not among those there */
export function requireColumns(
  path: string,
  wanted: readonly WantedColumn[],
  isThere: (name: string) => boolean,
): void {
  const missing = wanted.filter(({ name }) => !isThere(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  const named = missing.slice(0, NAMED).join(', ');
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `${path} lacks ${missing.length} of the ${wanted.length} columns that the model needs: ${named}${more}`,
    { remedy: 'Columns are found by their exact name', details: { missing: missing.length } },
  );
}

/** @throws OnescanError INVALID_ARGUMENT when so many numbers are more than is held at once */
export function requireRoom(path: string, rows: number, columns: number): void {
  if (rows * columns <= MOST_VALUES) return;
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `${path} has ${rows} rows: with ${columns} columns that is too much`,
    {
      remedy: `Split it into files of at most ${Math.floor(MOST_VALUES / columns)} rows`,
    },
  );
}
