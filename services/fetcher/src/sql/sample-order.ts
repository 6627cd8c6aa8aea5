import { setImmediate } from 'node:timers/promises';
import type { DialectTraits } from './sql-dialect.js';

/** Keys that are hashed before others get their turn. */
const KEYS_AT_ONCE = 10_000;

/** Rows in the order in which samples of a seed take them up: by hash, then by key. */
export async function sampleOrder(
  dialect: DialectTraits,
  seed: bigint,
  keys: BigInt64Array,
): Promise<Int32Array> {
  const hashOf = dialect.keyHash(seed);
  const hashes = new Float64Array(keys.length);
  for (let row = 0; row < keys.length; row++) {
    if (row % KEYS_AT_ONCE === 0) await setImmediate();
    hashes[row] = hashOf(keys[row]!);
  }
  return Int32Array.from(keys, (_, row) => row).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
}
