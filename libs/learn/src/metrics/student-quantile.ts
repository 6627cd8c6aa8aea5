import { LearnInputError } from '../errors/learn-input-error.js';

/** Beyond so many degrees t differs from the normal by less than 1e-4 relative, and the integrand gets too narrow. */
const MOST_DEGREES = 20_000;

/**
 * P(T > t) for Student's t with `degrees` degrees of freedom, from the density's substitution
 * t = sqrt(degrees) tan(u): the integral of cos(u)^(degrees - 1) from atan(t / sqrt(degrees)) to pi / 2, over
 * the integral from -pi / 2 to pi / 2.
 *
 * @returns NaN for a t that is not a number
 * @throws LearnInputError unless degrees >= 1
 */
export function studentTail(t: number, degrees: number): number {
  const nu = effectiveDegrees(degrees);
  const beyond = tailBeyond(Math.atan(Math.abs(t) / Math.sqrt(nu)), nu);
  return t < 0 ? 1 - beyond : beyond;
}

/**
 * Upper quantile of Student's t with `degrees` degrees of freedom: P(T > t) = `tail`, by bisection on the angle.
 *
 * @throws LearnInputError unless degrees >= 1 and 0 < tail < 0.5
 */
export function studentQuantile(tail: number, degrees: number): number {
  if (!(tail > 0 && tail < 0.5)) throw new LearnInputError(`tail must lie between 0 and 1/2, got ${tail}`);
  const nu = effectiveDegrees(degrees);
  let low = 0;
  let high = Math.PI / 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (tailBeyond(middle, nu) > tail) low = middle;
    else high = middle;
  }
  return Math.sqrt(nu) * Math.tan((low + high) / 2);
}

function effectiveDegrees(degrees: number): number {
  if (!(degrees >= 1)) throw new LearnInputError(`degrees of freedom must be 1 or more, got ${degrees}`);
  return Math.min(degrees, MOST_DEGREES);
}

/** @param angle from 0 to pi / 2 */
function tailBeyond(angle: number, degrees: number): number {
  return cosinePower(angle, degrees - 1) / (2 * cosinePower(0, degrees - 1));
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
