/** Of a bin with so many values or more, this share at either end does not decide what it stands for. */
const TAIL: u32 = 8;

@inline
function value<F>(sorted: usize, i: u32): f64 {
  return <f64>load<F>(sorted + <usize>i * sizeof<F>());
}

/**
 * Mean of the values from `begin` to `end`, as deviations from the first, which are exact where they are close together,
 * and halved, so that none is beyond a double; but no further out than all but an eighth of the bin: one value that is
 * far from all others does not move it.
 */
@inline
function centre<F>(sorted: usize, begin: u32, end: u32, lowest: f64, highest: f64): f64 {
  const members = end - begin;
  const first = Math.min(Math.max(value<F>(sorted, begin), lowest), highest) * 0.5;
  const share: f64 = 1 / <f64>members;
  let sum: f64 = 0;
  for (let i = begin; i < end; i++) {
    sum += (Math.min(Math.max(value<F>(sorted, i), lowest), highest) * 0.5 - first) * share;
  }
  const mean = (first + sum) * 2;
  const tail = members / TAIL;
  if (tail == 0) return mean;
  const inner = Math.min(Math.max(mean, value<F>(sorted, begin + tail)), value<F>(sorted, end - 1 - tail));
  return Math.min(Math.max(inner, lowest), highest);
}

@inline
function average<F>(
  sorted: usize,
  total: u32,
  bounds: usize,
  boundCount: u32,
  lowest: f64,
  highest: f64,
  means: usize,
): void {
  let bin: u32 = 0;
  let begin: u32 = 0;
  for (let i: u32 = 0; i <= total; i++) {
    while (
      bin < boundCount &&
      (i == total || value<F>(sorted, i) > <f64>load<F>(bounds + <usize>bin * sizeof<F>()))
    ) {
      if (i > begin)
        store<f64>(means + ((<usize>(bin + 1)) << 3), centre<F>(sorted, begin, i, lowest, highest));
      begin = i;
      bin++;
    }
  }
  if (total > begin)
    store<f64>(means + ((<usize>(bin + 1)) << 3), centre<F>(sorted, begin, total, lowest, highest));
}

/**
 * What each bin stands for: the mean of its sorted values, within all but the outermost eighths of a bin of 8 or more.
 * An infinite value counts as the nearest finite one (`lowest` or `highest`), so that it is always finite.
 *
 * @param sorted ascending float32 values without NaN, `total` of them
 * @param bounds ascending float32 upper bounds, `boundCount` of them
 * @param means output: float64 by bin; bins without values (and bin 0) are left as they are
 */
export function averageBins(
  sorted: usize,
  total: u32,
  bounds: usize,
  boundCount: u32,
  lowest: f64,
  highest: f64,
  means: usize,
): void {
  average<f32>(sorted, total, bounds, boundCount, lowest, highest, means);
}

/** The same for values and bounds of float64. */
export function averageDoubleBins(
  sorted: usize,
  total: u32,
  bounds: usize,
  boundCount: u32,
  lowest: f64,
  highest: f64,
  means: usize,
): void {
  average<f64>(sorted, total, bounds, boundCount, lowest, highest, means);
}
