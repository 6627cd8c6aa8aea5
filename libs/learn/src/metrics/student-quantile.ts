import { LearnInputError } from '../errors/learn-input-error.js';

/**
 * Upper quantile of Student's t with `degrees` degrees of freedom: P(T > t) = `tail`.
 *
 * By bisection on the tail probability, which is integrated from the density's substitution
 * t = sqrt(degrees) tan(u): P(T > t) = integral of cos(u)^(degrees - 1) from atan(t / sqrt(degrees)) to
 * pi / 2, over the integral from -pi / 2 to pi / 2.
 *
 * @throws LearnInputError unless degrees >= 1 and 0 < tail < 0.5
 */
export function studentQuantile(tail: number, degrees: number): number {
  if (!(degrees >= 1)) throw new LearnInputError(`degrees of freedom must be 1 or more, got ${degrees}`);
  if (!(tail > 0 && tail < 0.5)) throw new LearnInputError(`tail must lie between 0 and 1/2, got ${tail}`);
  // Beyond this t differs from the normal by less than 1e-4 relative, and the integrand gets too narrow.
  const nu = Math.min(degrees, 20_000);
  const whole = 2 * cosinePower(0, nu - 1);
  let low = 0;
  let high = Math.PI / 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (cosinePower(middle, nu - 1) / whole > tail) low = middle;
    else high = middle;
  }
  return Math.sqrt(nu) * Math.tan((low + high) / 2);
}

/** Integral of cos(u)^power from `from` to pi / 2 by Simpson's rule where the integrand is not negligible. */
function cosinePower(from: number, power: number): number {
  const intervals = 400;
  // cos(u)^power < e^(-power u^2 / 2): nothing matters beyond 12 standard deviations.
  const to = Math.min(Math.PI / 2, from + 12 / Math.sqrt(Math.max(1, power)));
  const width = (to - from) / intervals;
  let sum = 0;
  for (let k = 0; k <= intervals; k++) {
    const weight = k === 0 || k === intervals ? 1 : k % 2 === 1 ? 4 : 2;
    sum += weight * Math.max(0, Math.cos(from + k * width)) ** power;
  }
  return (sum * width) / 3;
}
