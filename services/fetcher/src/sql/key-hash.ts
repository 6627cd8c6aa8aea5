import { deriveSeed } from '@onescan/contract/seed.js';
import type { KeySource } from './fetch-query.js';

/** Hashes are below this prime (2^31 - 1), so that their squares fit 64 bits in every SQL. */
export const HASH_BOUND = 2_147_483_647n;

/** Multiplier of the minimal standard generator (Park, Miller 1988). */
export const HASH_MULTIPLIER = 48_271n;

/** Standard deviations of slack in {@link hashLimit}: exceeded once in a thousand million samples. */
const LIMIT_DEVIATIONS = 6;

/** Terms of the hash that depend on the seed. */
export interface HashTerms {
  readonly linear: bigint;
  readonly inner: bigint;
  readonly outer: bigint;
}

export function hashTerms(seed: bigint): HashTerms {
  const term = (label: string): bigint => deriveSeed(seed, 'key-hash', label) % HASH_BOUND;
  return { linear: term('linear'), inner: term('inner'), outer: term('outer') };
}

/**
 * Hash of a key, by arithmetic that every SQL dialect has and that costs little a row: with x the key in
 * whole seconds and P = {@link HASH_BOUND}, h1 = (48271 x + linear) mod P, h2 = (h1^2 + inner) mod P,
 * h = (h2^2 + outer) mod P. A polynomial of degree 4 in x: evenly spaced keys give no lattice.
 */
export function keyHash(seconds: bigint, terms: HashTerms): bigint {
  const h1 = (seconds * HASH_MULTIPLIER + terms.linear) % HASH_BOUND;
  const h2 = (h1 * h1 + terms.inner) % HASH_BOUND;
  return (h2 * h2 + terms.outer) % HASH_BOUND;
}

/**
 * A hash that the `rows` least of `available` hashes do not exceed, so that tables can be filtered by it
 * without knowing the sample; undefined when all rows are taken. Should the least ones exceed it, the
 * statement returns too few keys and the fetch fails loudly.
 */
export function hashLimit(rows: number, available: number): bigint | undefined {
  if (rows >= available) return undefined;
  const share = (rows + LIMIT_DEVIATIONS * Math.sqrt(rows) + LIMIT_DEVIATIONS ** 2) / available;
  return share >= 1 ? undefined : BigInt(Math.ceil(share * Number(HASH_BOUND)));
}

/** A hash that no key of the sample exceeds, whichever of its sources it is from; undefined when there is none. */
export function sampleHashLimit(sources: readonly KeySource[]): bigint | undefined {
  let highest = 0n;
  for (const { rows, available } of sources) {
    const limit = hashLimit(rows, available);
    if (limit === undefined) return undefined;
    if (limit > highest) highest = limit;
  }
  return highest;
}
