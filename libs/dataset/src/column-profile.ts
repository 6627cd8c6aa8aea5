import { createHash } from 'node:crypto';
import type { FeatureValues } from './feature-values.js';

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
export function profileColumn(values: FeatureValues, { present, min, max }: ColumnSummary): ColumnProfile {
  const contentSha256 = hashValues(values);
  const nullShare = values.length === 0 ? 0 : 1 - present / values.length;
  if (present === 0) {
    const none = Number.NaN;
    return { nullShare, min: none, max: none, mean: none, deviation: none, contentSha256 };
  }
  return { nullShare, min, max, ...moments(values, { present, min, max }), contentSha256 };
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
export function canonicalise(values: FeatureValues): ColumnSummary {
  return values instanceof Float32Array ? canonicaliseSingles(values) : canonicaliseDoubles(values);
}

function canonicaliseSingles(values: Float32Array): ColumnSummary {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let present = 0;
  const infiniteRows: number[] = [];
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
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { present, min, max, infinite: infiniteRows.length, infiniteRows };
}

/** The same for doubles. */
export function canonicaliseDoubles(values: Float64Array): ColumnSummary {
  let present = 0;
  const infiniteRows: number[] = [];
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      if (!Number.isNaN(value)) infiniteRows.push(i);
      values[i] = Number.NaN;
      continue;
    }
    if (value === 0) values[i] = 0;
    present++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { present, min: min + 0, max: max + 0, infinite: infiniteRows.length, infiniteRows };
}

/**
 * Mean and deviation of finite values. They are measured from the least value, in units of the range: values may be far
 * from 0 and close together, or have squares beyond a double.
 */
function moments(
  values: FeatureValues,
  { present, min, max }: { present: number; min: number; max: number },
): { mean: number; deviation: number } {
  if (max === min) return { mean: min, deviation: 0 };
  const factor = exactFactor(max - min);
  const least = min * factor;
  const inverse = 1 / (max * factor - least);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = (values[i]! * factor - least) * inverse;
    if (!Number.isNaN(value)) sum += value;
  }
  const mean = sum / present;
  let squares = 0;
  let rest = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = (values[i]! * factor - least) * inverse - mean;
    if (Number.isNaN(difference)) continue;
    squares += difference * difference;
    rest += difference;
  }
  const deviation = Math.sqrt(Math.max(0, (squares - (rest * rest) / present) / present));
  return { mean: (least + mean / inverse) / factor, deviation: deviation / inverse / factor };
}

/** A power of two that brings a range of values to where neither it nor its inverse is beyond a double. */
function exactFactor(range: number): number {
  if (!Number.isFinite(range)) return 2 ** -2;
  return range < 2 ** -900 ? 2 ** 900 : 1;
}
