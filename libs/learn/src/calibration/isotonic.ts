import type { Calibrator } from './calibrator.js';

/** A non-decreasing step function: `value[i]` from `from[i]` on. */
export interface IsotonicSteps {
  readonly from: Float64Array;
  readonly value: Float64Array;
}

/** Steps in arrays of any kind. */
interface StepValues {
  readonly from: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955). Rows of equal score are one point.
 *
 * @param score any order
 */
export function isotonicSteps(score: Float64Array, label: Float64Array): IsotonicSteps {
  const order = Uint32Array.from(score.keys()).sort((i, j) => score[i]! - score[j]!);
  const from: number[] = [];
  const sum: number[] = [];
  const count: number[] = [];
  for (let k = 0; k < order.length; k++) {
    const row = order[k]!;
    if (k > 0 && score[row] === score[order[k - 1]!]) {
      sum[sum.length - 1]! += label[row]!;
      count[count.length - 1]! += 1;
    } else {
      from.push(score[row]!);
      sum.push(label[row]!);
      count.push(1);
    }
    const next = k + 1 < order.length ? score[order[k + 1]!] : undefined;
    if (next !== score[row]) pool(from, sum, count);
  }
  return {
    from: Float64Array.from(from),
    value: Float64Array.from(sum, (total, i) => total / count[i]!),
  };
}

function pool(from: number[], sum: number[], count: number[]): void {
  for (let last = sum.length - 1; last > 0; last--) {
    if (sum[last - 1]! * count[last]! < sum[last]! * count[last - 1]!) return;
    sum[last - 1]! += sum.pop()!;
    count[last - 1]! += count.pop()!;
    from.pop();
  }
}

/** Isotonic calibration (Zadrozny & Elkan 2002): a step function; scores below the first step take its value. */
export function fitIsotonic(logOdds: Float64Array, label: Float64Array): Calibrator {
  const steps = isotonicSteps(logOdds, label);
  return {
    method: 'isotonic',
    steps: { from: steps.from, probability: steps.value },
    calibrate: (x) => x.map((score) => stepAt(steps, score)),
  };
}

/** Value of the step that a score falls on. */
export function stepAt({ from, value }: StepValues, score: number): number {
  let low = 0;
  let high = from.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (from[middle]! <= score) low = middle;
    else high = middle - 1;
  }
  return value[low]!;
}
