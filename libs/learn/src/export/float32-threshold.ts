const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);
const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);

/**
 * The largest double that float32 rounds to `threshold` or less. Learning saw a column's values rounded to float32; with
 * this threshold the values as they were go the same way.
 *
 * @param threshold a float32; returned as it is when it is not finite
 */
export function thresholdOfUnrounded(threshold: number): number {
  if (!Number.isFinite(threshold)) return threshold;
  const above = nextSingle(threshold);
  // Halfway lies a double; ties round to the even one of the two (IEEE 754).
  const halfway = threshold + (above - threshold) / 2;
  return Math.fround(halfway) <= threshold ? halfway : doubleBelow(halfway);
}

function nextSingle(value: number): number {
  single[0] = value === 0 ? 0 : value;
  singleBits[0]! += value < 0 ? -1 : 1;
  // Doubles round as if exponents went on beyond the largest float32; those that round to its successor are infinite.
  return Number.isFinite(single[0]!) ? single[0]! : 2 ** 128;
}

function doubleBelow(value: number): number {
  double[0] = value;
  doubleBits[0]! -= value > 0 ? 1n : -1n;
  return double[0]!;
}
