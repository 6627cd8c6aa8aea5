/**
 * Largest correlation with the sign of the unknown part that an honest panel of features reaches, given the share of
 * the unknown part that it explains at most. A panel that explains a share s of a normal variable correlates
 * sqrt(2 s / pi) with its sign. What it knows moves the probability of "up" by its own size times the density of the
 * known part: much where the known part leaves the sign open, hardly where it decides it. Weights w that
 * vary so take mean(w) / rms(w) off the correlation, 1 where nothing is known. The density is that of the
 * logistic distribution, p (1 - p).
 *
 * @param overlap probability of "up" by the overlap baseline in every scored row
 * @param share of the variance of the unknown part, 0 to 1
 */
export function honestEdge(overlap: Float64Array, share: number): number {
  const densities = overlap.map((p) => p * (1 - p));
  const mean = densities.reduce((sum, w) => sum + w, 0) / densities.length;
  const square = densities.reduce((sum, w) => sum + w * w, 0) / densities.length;
  const open = square > 0 ? mean / Math.sqrt(square) : 1;
  return open * Math.sqrt((2 * share) / Math.PI);
}
