import { LearnInputError } from '../errors/learn-input-error.js';
import { studentTail } from './student-tail.js';

/**
 * Upper quantile of Student's t with `degrees` degrees of freedom: P(T > t) = `tail`, by bisection of {@link studentTail}
 * over t = sqrt(degrees) tan(u).
 *
 * @throws LearnInputError unless degrees >= 1 and 0 < tail < 0.5
 */
export function studentQuantile(tail: number, degrees: number): number {
  if (!(tail > 0 && tail < 0.5)) throw new LearnInputError(`tail must lie between 0 and 1/2, got ${tail}`);
  const at = (u: number) => Math.sqrt(degrees) * Math.tan(u);
  let low = 0;
  let high = Math.PI / 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentTail(at(middle), degrees) > tail) low = middle;
    else high = middle;
  }
  return at((low + high) / 2);
}
