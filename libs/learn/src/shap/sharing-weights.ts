/**
 * a! b! / (a + b + 1)! for a, b = 0 .. most, at [a * (most + 1) + b]: the share of each of a + 1 columns that a
 * row decides, where a background row decides b others (and the reverse).
 */
export function sharingWeights(most: number): Float64Array {
  const line = most + 1;
  const weights = new Float64Array(line * line);
  for (let a = 0; a <= most; a++) {
    // b = 0 gives 1 / (a + 1); each next one is that before times b / (a + b + 1).
    weights[a * line] = 1 / (a + 1);
    for (let b = 1; b <= most; b++) weights[a * line + b] = (weights[a * line + b - 1]! * b) / (a + b + 1);
  }
  return weights;
}
