const GOLDEN = (Math.sqrt(5) - 1) / 2;
const LOG_SHIFT_MIN = Math.log(1e-30);
const LOG_SHIFT_MAX = Math.log(1e9);
const BISECTIONS = 70;
const GOLDEN_STEPS = 45;

/**
 * D(eta, t, B, r) of Shah & Samworth 2013 (doi 10.1111/j.1467-9868.2011.01034.x), Appendix A.4: the
 * largest P(X >= t / B) over r-concave distributions on {0, 1/B, ..., 1} with mean at most eta.
 *
 * The extremal distribution has weights (a + i)^(1/r) for i = 0..k and a remainder at k + 1 that fixes the
 * mean; for every k, `a` runs between the shift at which the remainder vanishes and the one at which it
 * joins the curve. Below t = ceil(2 eta B) + 1 the bound is the trivial 1.
 *
 * @param eta upper bound of the mean, in (0, 1)
 * @param t tail start in steps of 1/B, an integer
 * @param r concavity, -1/2 for simultaneous and -1/4 for single selection frequencies
 */
export function rConcaveTail(eta: number, t: number, B: number, r: number): number {
  const mean = eta * B;
  const first = Math.ceil(2 * mean) + 1;
  if (t < first) return 1;
  if (t > B) return 0;
  const power = -1 / r;
  const logShift = new Float64Array(B + 1).fill(LOG_SHIFT_MAX);
  for (let k = first; k <= B; k++) {
    logShift[k] = solveLogShift(k, mean, power, logShift[k - 1]!);
  }
  let best = 0;
  for (let k = Math.max(first, t - 1); k < B; k++) {
    const tail = (log: number) => tailAt(Math.exp(log), t, k, mean, power);
    best = Math.max(best, maximum(tail, logShift[k + 1]!, logShift[k]!));
  }
  return Math.min(1, best);
}

/** Shift (its logarithm) at which weights (a + i)^-power on 0..k have the wanted mean. */
function solveLogShift(k: number, mean: number, power: number, upper: number): number {
  let low = LOG_SHIFT_MIN;
  let high = upper;
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (meanAt(Math.exp(middle), k, power) < mean) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function meanAt(shift: number, k: number, power: number): number {
  let total = 0;
  let moment = 0;
  for (let i = 0; i <= k; i++) {
    const weight = relativeWeight(shift, i, power);
    total += weight;
    moment += i * weight;
  }
  return moment / total;
}

function tailAt(shift: number, t: number, k: number, mean: number, power: number): number {
  let below = 0;
  let lever = 0;
  for (let i = 0; i <= k; i++) {
    const weight = relativeWeight(shift, i, power);
    if (i < t) below += weight;
    lever += (k + 1 - i) * weight;
  }
  return 1 - ((k + 1 - mean) * below) / lever;
}

/** (a + i)^-power relative to its value at i = 0, so that small shifts do not overflow. */
function relativeWeight(shift: number, i: number, power: number): number {
  const ratio = shift / (shift + i);
  // The powers of both bounds, 2 and 4, without the cost of a general power.
  const square = ratio * ratio;
  if (power === 2) return square;
  return power === 4 ? square * square : ratio ** power;
}

/** Largest value of a unimodal function over [low, high], its ends included. */
function maximum(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let best = Math.max(f(a), f(b));
  let x = b - GOLDEN * (b - a);
  let y = a + GOLDEN * (b - a);
  let fx = f(x);
  let fy = f(y);
  for (let step = 0; step < GOLDEN_STEPS; step++) {
    best = Math.max(best, fx, fy);
    if (fx >= fy) {
      [b, y, fy] = [y, x, fx];
      x = b - GOLDEN * (b - a);
      fx = f(x);
    } else {
      [a, x, fx] = [x, y, fy];
      y = a + GOLDEN * (b - a);
      fy = f(y);
    }
  }
  return best;
}
