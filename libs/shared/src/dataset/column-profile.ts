import { createHash } from 'node:crypto';

/** Bit pattern of the one NaN that stands for "missing" in files and hashes. */
const CANONICAL_NAN_BITS = 0x7fc00000;
const EXPONENT_BITS = 0x7f800000;
const FRACTION_BITS = 0x007fffff;

/** What is recorded of a column's values; numbers are NaN when no value is present. */
export interface ColumnProfile {
  nullShare: number;
  min: number;
  max: number;
  mean: number;
  /** Population standard deviation. */
  deviation: number;
  contentSha256: string;
}

/** What {@link canonicalise} sees on its way over a column. */
export interface ColumnSummary {
  /** Values that are not missing. */
  present: number;
  /** Of the values that are present. */
  sum: number;
  /** Infinity when none is present. */
  min: number;
  max: number;
  /** Infinities, which became missing, and their rows. */
  infinite: number;
  infiniteRows: readonly number[];
}

/**
 * Measures a column that {@link canonicalise} has been over. The deviation is the corrected two-pass one
 * (Chan, Golub, LeVeque 1983, eq. 1.7).
 */
export function profileColumn(
  values: Float32Array,
  { present, sum, min, max }: ColumnSummary,
): ColumnProfile {
  const contentSha256 = hashValues(values);
  const nullShare = values.length === 0 ? 0 : 1 - present / values.length;
  if (present === 0) {
    const none = Number.NaN;
    return { nullShare, min: none, max: none, mean: none, deviation: none, contentSha256 };
  }
  const mean = sum / present;
  return { nullShare, min, max, mean, deviation: deviation(values, mean, present), contentSha256 };
}

/** SHA-256 over the bytes of the values, little-endian. */
export function hashValues(values: Float32Array | Float64Array | Int32Array | BigInt64Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

/** Hash of a dataset's content from the hashes of its columns, in order. */
export function combineHashes(columns: Iterable<{ name: string; contentSha256: string }>): string {
  const hash = createHash('sha256');
  for (const { name, contentSha256 } of columns) hash.update(`${name}\0${contentSha256}\n`);
  return hash.digest('hex');
}

/**
 * One bit pattern a value, in place, so that equal content has equal hashes: infinities become missing,
 * every NaN the same NaN and every zero the same zero.
 */
export function canonicalise(values: Float32Array): ColumnSummary {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let present = 0;
  const infiniteRows: number[] = [];
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < bits.length; i++) {
    const pattern = bits[i]!;
    if ((pattern & EXPONENT_BITS) === EXPONENT_BITS) {
      if ((pattern & FRACTION_BITS) === 0) infiniteRows.push(i);
      bits[i] = CANONICAL_NAN_BITS;
      continue;
    }
    const value = values[i]! + 0; // -0 + 0 = 0
    if (value === 0) bits[i] = 0; // compression does not keep the two zeros apart
    present++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { present, sum, min, max, infinite: infiniteRows.length, infiniteRows };
}

/** The same for doubles of the row table, which keep infinities out too. */
export function canonicaliseDoubles(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === 0) values[i] = 0;
    else if (!Number.isFinite(value)) values[i] = Number.NaN;
  }
}

function deviation(values: Float32Array, mean: number, present: number): number {
  let squares = 0;
  let rest = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - mean;
    if (Number.isNaN(difference)) continue;
    squares += difference * difference;
    rest += difference;
  }
  return Math.sqrt(Math.max(0, (squares - (rest * rest) / present) / present));
}
