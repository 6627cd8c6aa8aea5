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
export function gatherRows(values: Float32Array, rows: Int32Array, into: Float32Array): Float32Array {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    into[i] = row < 0 ? Number.NaN : values[row]!;
  }
  return into;
}
