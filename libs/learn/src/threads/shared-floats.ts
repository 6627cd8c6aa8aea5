/** A copy of the numbers in memory that threads share: it crosses to them without being copied again. */
export function sharedFloats(values: ArrayLike<number>): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * values.length));
  shared.set(values);
  return shared;
}
