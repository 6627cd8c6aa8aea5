/**
 * Values of a feature column by row, NaN where missing: float32 where those keep what learning sees, the order and the
 * spacing of the values, else float64.
 */
export type FeatureValues = Float32Array | Float64Array;

/** Type of a feature column in a dataset file. */
export type StoredType = 'FLOAT' | 'DOUBLE';

/** Of the 24 bits of a float32, those that are looked away from: values that agree in the others are neighbours. */
const NEIGHBOUR_BITS = 4;
/** So many rows with other values than most of their neighbours are more than float32 should hold in one place. */
const CROWD = 16;
const BUCKET_BITS = 16;
const HASH_MULTIPLIER = 0x9e3779b1;
const INTEGER_TYPE = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER|64)?$/;

export function storedType(values: FeatureValues): StoredType {
  return values instanceof Float32Array ? 'FLOAT' : 'DOUBLE';
}

/** Room for `rows` values of a type. */
export function emptyValues(type: StoredType, rows: number): FeatureValues {
  return type === 'FLOAT' ? new Float32Array(rows) : new Float64Array(rows);
}

/** Chooses how columns are stored; keeps scratch memory between them. */
export class StoredValues {
  #single = new Float32Array();
  /** Rows by bucket of neighbours, with another value than the first of the bucket, and that first value. */
  readonly #others = new Uint32Array(1 << BUCKET_BITS);
  readonly #first = new Float64Array(1 << BUCKET_BITS);

  /**
   * The values as they are stored: float32 when they are float32 already, or when rounding keeps them finite and apart;
   * else as they came. Whole numbers of an integer type are rounded in no case.
   *
   * They are kept apart unless somewhere {@link CROWD} rows or more share all but 4 bits of their float32 with rows of
   * another value. Fewer rows cannot make a crowd where there was none: what is float32 in a sample is float32, with the
   * same values, in every part of it.
   *
   * @param type in the warehouse
   * @returns valid until the next call
   */
  choose(values: Float64Array, type: string): FeatureValues {
    if (this.#single.length < values.length) this.#single = new Float32Array(values.length);
    const single = this.#single.subarray(0, values.length);
    let exact = true;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const rounded = Math.fround(value);
      single[i] = rounded;
      if (rounded === value || Number.isNaN(value)) continue;
      if (!Number.isFinite(rounded)) return values; // infinities are equal to themselves
      exact = false;
    }
    if (exact) return single;
    return INTEGER_TYPE.test(type) || this.#isCrowded(values, single) ? values : single;
  }

  #isCrowded(values: Float64Array, single: Float32Array): boolean {
    const bits = new Int32Array(single.buffer, single.byteOffset, single.length);
    const [others, first] = [this.#others.fill(0), this.#first.fill(Number.NaN)];
    const suspects = new Set<number>();
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const bucket = bucketOf(bits[i]!);
      if (first[bucket] === value) continue;
      if (Number.isNaN(first[bucket]!)) first[bucket] = value;
      else if (!Number.isNaN(value) && ++others[bucket]! >= CROWD) suspects.add(bucket);
    }
    return suspects.size > 0 && hasCrowd(values, bits, suspects);
  }
}

/** Values fall into a bucket with their neighbours, and with others whose hash is the same. */
function bucketOf(bits: number): number {
  return Math.imul(bits >> NEIGHBOUR_BITS, HASH_MULTIPLIER) >>> (32 - BUCKET_BITS);
}

/** Whether neighbours in one of the buckets have other values than most of them in {@link CROWD} rows. */
function hasCrowd(values: Float64Array, bits: Int32Array, buckets: ReadonlySet<number>): boolean {
  const places = new Map<number, Map<number, number>>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value) || !buckets.has(bucketOf(bits[i]!))) continue;
    const place = bits[i]! >> NEIGHBOUR_BITS;
    const counts = places.get(place) ?? new Map<number, number>();
    places.set(place, counts.set(value, (counts.get(value) ?? 0) + 1));
  }
  for (const counts of places.values()) {
    const rows = [...counts.values()];
    if (
      rows.reduce((sum, count) => sum + count, 0) - rows.reduce((most, count) => Math.max(most, count), 0) >=
      CROWD
    )
      return true;
  }
  return false;
}
