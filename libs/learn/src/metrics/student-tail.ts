import { LearnInputError } from '../errors/learn-input-error.js';

/**
 * Upper tail of Student's t: P(T > t) with `degrees` degrees of freedom, exact to about ten digits however small it is.
 *
 * By the incomplete beta function, P(T > t) = I(degrees / (degrees + t^2); degrees / 2, 1 / 2) / 2 for t > 0, with the
 * continued fraction of Didonato & Morris (1992, ACM TOMS 708) evaluated as in Lentz (1976).
 *
 * @returns NaN where t is NaN
 * @throws LearnInputError unless degrees >= 1
 */
export function studentTail(t: number, degrees: number): number {
  if (!(degrees >= 1)) throw new LearnInputError(`degrees of freedom must be 1 or more, got ${degrees}`);
  if (Number.isNaN(t)) return t;
  if (t < 0) return 1 - studentTail(-t, degrees);
  if (t === Number.POSITIVE_INFINITY) return 0;
  const square = t * t;
  const [a, b] = [degrees / 2, 0.5];
  const [x, rest] = [degrees / (degrees + square), square / (degrees + square)];
  // Each side's fraction converges fast where x is small for it.
  if (x < (a + 1) / (a + b + 2)) return (betaFront(a, b, x, rest) * betaFraction(a, b, x)) / a / 2;
  return (1 - (betaFront(a, b, x, rest) * betaFraction(b, a, rest)) / b) / 2;
}

/** x^a (1 - x)^b / B(a, b). @param rest 1 - x, without its rounding */
function betaFront(a: number, b: number, x: number, rest: number): number {
  const logX = x > 0.5 ? Math.log1p(-rest) : Math.log(x);
  return Math.exp(a * logX + b * Math.log(rest) - logBeta(a));
}

/** Log of B(a, 1/2): log gamma(a) + log gamma(1/2) - log gamma(a + 1/2), from the difference of Stirling's series. */
function logBeta(a: number): number {
  // Beyond 12 the series has fifteen digits: up to there by B(a, 1/2) = B(a + 1, 1/2) (a + 1/2) / a.
  let shift = 0;
  let up = a;
  for (; up < 12; up++) shift += Math.log((up + 0.5) / up);
  const series = (z: number) => 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  const gammaRatio = 0.5 - 0.5 * Math.log(up) - up * Math.log1p(0.5 / up) + series(up) - series(up + 0.5);
  return shift + 0.5 * Math.log(Math.PI) + gammaRatio;
}

/** The continued fraction of the incomplete beta function I(x; a, b). */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return fraction;
}
