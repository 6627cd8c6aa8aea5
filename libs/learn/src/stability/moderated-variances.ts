/**
 * Variances that were each estimated with few degrees of freedom, drawn towards what they have in common, on the scale of
 * logarithms: by the share of their spread that such estimates have by chance (the empirical Bayes estimate of Efron & Morris 1975;
 * a log variance of d degrees of freedom is too low by log(d / 2) - digamma(d / 2) and varies by trigamma(d / 2), as in Smyth 2004).
 * Where they vary no more than chance makes them, all become the same.
 *
 * @param variances those that are not above 0 stay as they are
 * @param degrees of freedom of each estimate
 */
export function moderatedVariances(variances: Float64Array, degrees: number): Float64Array {
  const isKnown = (variance: number) => variance > 0 && Number.isFinite(variance);
  const known = variances.filter(isKnown);
  if (known.length < 2 || !(degrees > 0)) return variances;
  const bias = Math.log(degrees / 2) - digamma(degrees / 2);
  const logs = known.map((variance) => Math.log(variance) + bias);
  const centre = meanOf(logs);
  const spread = logs.reduce((sum, log) => sum + (log - centre) ** 2, 0) / (known.length - 1);
  const own = spread > 0 ? Math.max(0, 1 - trigamma(degrees / 2) / spread) : 0;
  const drawn = (variance: number) => Math.exp(centre + own * (Math.log(variance) + bias - centre));
  return variances.map((variance) => (isKnown(variance) ? drawn(variance) : variance));
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Below it the recurrence is used, above the asymptotic series. */
const SERIES_FROM = 10;

/** Derivative of log gamma, for x > 0 (Abramowitz & Stegun 6.3.5, 6.3.18). */
export function digamma(x: number): number {
  let value = 0;
  let at = x;
  for (; at < SERIES_FROM; at++) value -= 1 / at;
  const square = 1 / (at * at);
  return (
    value +
    Math.log(at) -
    1 / (2 * at) -
    square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
  );
}

/** Derivative of {@link digamma}, for x > 0 (Abramowitz & Stegun 6.4.6, 6.4.12). */
export function trigamma(x: number): number {
  let value = 0;
  let at = x;
  for (; at < SERIES_FROM; at++) value += 1 / (at * at);
  const square = 1 / (at * at);
  const series = 1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - (square * 5) / 66)));
  return value + 1 / at + square / 2 + (square / at) * series;
}
