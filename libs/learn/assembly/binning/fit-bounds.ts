/** A value m with a <= m < b: the midpoint, or `a` where rounding or an infinity leaves no room. */
@inline
function between<F>(a: F, b: F): F {
  const middle = <F>(<f64>a * 0.5 + <f64>b * 0.5);
  return middle >= a && middle < b ? middle : a;
}

@inline
function value<F>(values: usize, i: u32): F {
  return load<F>(values + <usize>i * sizeof<F>());
}

@inline
function put<F>(values: usize, i: u32, value: F): void {
  store<F>(values + <usize>i * sizeof<F>(), value);
}

@inline
function count(counts: usize, i: u32): u32 {
  return load<u32>(counts + ((<usize>i) << 2));
}

/**
 * Upper bounds of at most `valueBins` bins of about equal counts. Up to `valueBins` distinct values get
 * a bin each; beyond that a value that fills a bin on its own keeps one, and the others share what is
 * left (the greedy rule of LightGBM, Ke et al. 2017, `GreedyFindBin`).
 *
 * @param sorted ascending float32 values without NaN, `total` of them
 * @param distinct scratch for the distinct values, float32, room for `total`
 * @param counts scratch for their counts, uint32, room for `total`
 * @param bounds output: ascending float32 bounds, room for `valueBins`; the last bin needs none
 * @returns the number of bounds, one less than the number of bins (0 without values)
 */
export function fitBounds(
  sorted: usize,
  total: u32,
  valueBins: u32,
  distinct: usize,
  counts: usize,
  bounds: usize,
): u32 {
  return fit<f32>(sorted, total, valueBins, distinct, counts, bounds);
}

/** The same for values, distinct values and bounds of float64. */
export function fitDoubleBounds(
  sorted: usize,
  total: u32,
  valueBins: u32,
  distinct: usize,
  counts: usize,
  bounds: usize,
): u32 {
  return fit<f64>(sorted, total, valueBins, distinct, counts, bounds);
}

@inline
function fit<F>(
  sorted: usize,
  total: u32,
  valueBins: u32,
  distinct: usize,
  counts: usize,
  bounds: usize,
): u32 {
  if (total == 0) return 0;
  let found: u32 = 0;
  let start: u32 = 0;
  for (let i: u32 = 1; i <= total; i++) {
    if (i < total && value<F>(sorted, i) == value<F>(sorted, start)) continue;
    put<F>(distinct, found, value<F>(sorted, start));
    store<u32>(counts + ((<usize>found) << 2), i - start);
    found++;
    start = i;
  }
  if (found <= valueBins) {
    for (let i: u32 = 0; i + 1 < found; i++) {
      put<F>(bounds, i, between<F>(value<F>(distinct, i), value<F>(distinct, i + 1)));
    }
    return found - 1;
  }
  return greedyBounds<F>(distinct, counts, found, total, valueBins, bounds);
}

function greedyBounds<F>(
  distinct: usize,
  counts: usize,
  found: u32,
  total: u32,
  valueBins: u32,
  bounds: usize,
): u32 {
  const fair = <f64>total / <f64>valueBins;
  let restBins = valueBins;
  let rest = total;
  for (let i: u32 = 0; i < found; i++) {
    if (<f64>count(counts, i) >= fair) {
      restBins--;
      rest -= count(counts, i);
    }
  }
  let target = restBins > 0 ? <f64>rest / <f64>restBins : <f64>total;
  let made: u32 = 0;
  let filled: u32 = 0;
  for (let i: u32 = 0; i + 1 < found && made + 1 < valueBins; i++) {
    const own = count(counts, i);
    const large = <f64>own >= fair;
    if (!large) rest -= own;
    filled += own;
    const nextLarge = <f64>count(counts, i + 1) >= fair;
    if (!large && <f64>filled < target && !(nextLarge && <f64>filled >= Math.max(1.0, target * 0.5)))
      continue;
    put<F>(bounds, made, between<F>(value<F>(distinct, i), value<F>(distinct, i + 1)));
    made++;
    filled = 0;
    if (!large && restBins > 1) {
      restBins--;
      target = <f64>rest / <f64>restBins;
    }
  }
  return made;
}
