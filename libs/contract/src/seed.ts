import { createHash } from 'node:crypto';

/**
 * Derives an independent seed from a root seed and labels, so that every part of a run has its own
 * stream that depends on nothing but the spec.
 *
 * @returns 52 bits, so the seed is exact as a number too
 */
export function deriveSeed(root: bigint, ...labels: string[]): bigint {
  const hash = createHash('sha256').update(root.toString());
  for (const label of labels) hash.update(`\0${label}`);
  return hash.digest().readBigUInt64BE(0) >> 12n;
}
