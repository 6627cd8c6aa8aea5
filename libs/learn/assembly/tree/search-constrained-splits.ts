import { gradientOf, hessianOf, SCORE, shrink, writeBest } from './scores';

/** What a leaf lowers the loss by (twice, without the constant) when it outputs `output`. */
@inline
function scoreOf(g: f64, h: f64, l1: f64, l2: f64, output: f64): f64 {
  return -(2 * g * output + (h + l2) * output * output + 2 * l1 * Math.abs(output));
}

@inline
function outputOf(g: f64, h: f64, l1: f64, l2: f64, lowest: f64, highest: f64): f64 {
  return Math.min(Math.max(-shrink(g, l1) / (h + l2), lowest), highest);
}

/**
 * `searchSplits` where outputs are bounded and columns may be monotone: the score is that of the bounded
 * outputs, and a split whose outputs run against the column's direction is not considered.
 *
 * @param directions int8 by slot: 1 increasing, -1 decreasing, 0 free
 * @param lowest lower bound of this leaf's outputs, in quantised units
 * @param highest upper bound
 */
export function searchConstrainedSplits(
  histograms: usize,
  cells: u32,
  slots: usize,
  slotCount: u32,
  totalG: f64,
  totalH: f64,
  l1: f64,
  l2: f64,
  minimum: f64,
  best: usize,
  directions: usize,
  lowest: f64,
  highest: f64,
): void {
  let toBeat = load<f64>(best, SCORE);
  for (let i: u32 = 0; i < slotCount; i++) {
    const slot = load<u32>(slots + ((<usize>i) << 2));
    const histogram = histograms + ((<usize>slot * cells) << 3);
    const direction = <f64>load<i8>(directions + slot);
    const missing = load<i64>(histogram);
    for (let missingLeft: u32 = 0; missingLeft < 2; missingLeft++) {
      if (missingLeft && missing == 0) break;
      let sum: i64 = missingLeft ? missing : 0;
      for (let bin: u32 = 1; bin < cells; bin++) {
        sum += load<i64>(histogram + ((<usize>bin) << 3));
        const g = gradientOf(sum);
        const h = hessianOf(sum);
        if (!(h >= minimum && totalH - h >= minimum)) continue;
        const left = outputOf(g, h, l1, l2, lowest, highest);
        const right = outputOf(totalG - g, totalH - h, l1, l2, lowest, highest);
        if (direction * (right - left) < 0) continue;
        const score = scoreOf(g, h, l1, l2, left) + scoreOf(totalG - g, totalH - h, l1, l2, right);
        if (!(score > toBeat)) continue;
        toBeat = score;
        writeBest(best, score, slot, bin, missingLeft, g, h);
      }
    }
  }
}
