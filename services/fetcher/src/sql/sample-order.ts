import { setImmediate } from 'node:timers/promises';
import { farmFingerprint } from '../warehouse/bigquery/sql/farm-fingerprint.js';
import { FINGERPRINT_MASK } from '../warehouse/bigquery/sql/key-filter.js';
import { hashTerms, keyHash } from './key-hash.js';
import type { SqlDialect } from './sql-dialect.js';

const MICROS_PER_SECOND = 1_000_000n;

/** Keys that are hashed before others get their turn. */
const KEYS_AT_ONCE = 10_000;

type KeyHash = (micros: bigint) => number;

/** The hash of a key in epoch microseconds, as each dialect computes it in SQL. */
const KEY_HASHES: Record<SqlDialect['name'], (seed: bigint) => KeyHash> = {
  duckdb: (seed) => {
    const terms = hashTerms(seed);
    return (micros) => Number(keyHash(micros / MICROS_PER_SECOND, terms));
  },
  bigquery: (seed) => (micros) => Number(farmFingerprint(`${seed}:${micros}`) & BigInt(FINGERPRINT_MASK)),
};

/** Rows in the order in which samples of a seed take them up: by hash, then by key. */
export async function sampleOrder(
  dialect: SqlDialect['name'],
  seed: bigint,
  keys: BigInt64Array,
): Promise<Int32Array> {
  const hashOf = KEY_HASHES[dialect](seed);
  const hashes = new Float64Array(keys.length);
  for (let row = 0; row < keys.length; row++) {
    if (row % KEYS_AT_ONCE === 0) await setImmediate();
    hashes[row] = hashOf(keys[row]!);
  }
  return Int32Array.from(keys, (_, row) => row).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
}
