import { emptyValues, type FeatureValues, storedType } from './feature-values.js';

/**
 * For each key its row among other keys, -1 where they lack it.
 *
 * @param keys both in ascending order
 */
export function keyRows(
  keys: BigInt64Array | Float64Array,
  others: BigInt64Array | Float64Array,
): Int32Array {
  const rows = new Int32Array(keys.length);
  let other = 0;
  for (let row = 0; row < keys.length; row++) {
    while (other < others.length && others[other]! < keys[row]!) other++;
    rows[row] = other < others.length && others[other] === keys[row] ? other : -1;
  }
  return rows;
}

/** Values at the given rows, NaN where the row is -1. */
export function gatherRows<T extends FeatureValues>(values: FeatureValues, rows: Int32Array, into: T): T {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    into[i] = row < 0 ? Number.NaN : values[row]!;
  }
  return into;
}

/** Takes the values of some rows out of column after column. */
export class RowGatherer {
  readonly #room = new Map<string, FeatureValues>();

  constructor(private readonly rows: Int32Array) {}

  /** Values at the rows, NaN where one is -1; valid until the next call. */
  take(values: FeatureValues): FeatureValues {
    const type = storedType(values);
    const into = this.#room.get(type) ?? emptyValues(type, this.rows.length);
    this.#room.set(type, into);
    return gatherRows(values, this.rows, into);
  }
}
