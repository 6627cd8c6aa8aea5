import {
  childScore,
  childScores2,
  gradientOf,
  gradients2,
  hessianOf,
  hessians2,
  lastLane,
  prefix2,
  SCORE,
  WithL1,
  WithoutL1,
  writeBest,
} from './scores';

/** Highest children's score over all bins and both directions of the missing values of one column. */
@inline
function columnMaximum<L1>(
  histogram: usize,
  cells: u32,
  missing: i64,
  totalG: f64,
  totalH: f64,
  l1: f64,
  l2: f64,
  minimum: f64,
): f64 {
  const vTotalG = f64x2.splat(totalG);
  const vTotalH = f64x2.splat(totalH);
  const vL1 = f64x2.splat(l1);
  const vMinusL1 = f64x2.splat(-l1);
  const vL2 = f64x2.splat(l2);
  const vMinimum = f64x2.splat(minimum);
  const missingG = f64x2.splat(gradientOf(missing));
  const missingH = f64x2.splat(hessianOf(missing));
  let highest = f64x2.splat(0);
  // Bin 0 holds the missing rows: counting starts after it, so its lane never has rows on the left.
  let sums = i64x2.replace_lane(i64x2.splat(0), 1, load<i64>(histogram, 8));
  let before = lastLane(sums);
  let g = gradients2(sums);
  let h = hessians2(sums);
  if (missing == 0) {
    highest = childScores2<L1>(g, h, vTotalG, vTotalH, vL1, vMinusL1, vL2, vMinimum);
    for (let bin: u32 = 2; bin < cells; bin += 2) {
      sums = prefix2(histogram + ((<usize>bin) << 3), before);
      before = lastLane(sums);
      g = gradients2(sums);
      h = hessians2(sums);
      highest = f64x2.pmax(highest, childScores2<L1>(g, h, vTotalG, vTotalH, vL1, vMinusL1, vL2, vMinimum));
    }
  } else {
    highest = childScores2<L1>(g, h, vTotalG, vTotalH, vL1, vMinusL1, vL2, vMinimum);
    const first = childScores2<L1>(
      f64x2.add(g, missingG),
      f64x2.add(h, missingH),
      vTotalG,
      vTotalH,
      vL1,
      vMinusL1,
      vL2,
      vMinimum,
    );
    highest = f64x2.pmax(highest, f64x2.replace_lane(first, 0, 0));
    for (let bin: u32 = 2; bin < cells; bin += 2) {
      sums = prefix2(histogram + ((<usize>bin) << 3), before);
      before = lastLane(sums);
      g = gradients2(sums);
      h = hessians2(sums);
      highest = f64x2.pmax(highest, childScores2<L1>(g, h, vTotalG, vTotalH, vL1, vMinusL1, vL2, vMinimum));
      highest = f64x2.pmax(
        highest,
        childScores2<L1>(
          f64x2.add(g, missingG),
          f64x2.add(h, missingH),
          vTotalG,
          vTotalH,
          vL1,
          vMinusL1,
          vL2,
          vMinimum,
        ),
      );
    }
  }
  return Math.max(f64x2.extract_lane(highest, 0), f64x2.extract_lane(highest, 1));
}

/** Writes the first split of the column (missing right before missing left) that reaches the maximum. */
function locateMaximum(
  histogram: usize,
  cells: u32,
  missing: i64,
  totalG: f64,
  totalH: f64,
  l1: f64,
  l2: f64,
  minimum: f64,
  maximum: f64,
  slot: u32,
  best: usize,
): void {
  for (let missingLeft: u32 = 0; missingLeft < 2; missingLeft++) {
    let sum: i64 = missingLeft ? missing : 0;
    for (let bin: u32 = 1; bin < cells; bin++) {
      sum += load<i64>(histogram + ((<usize>bin) << 3));
      const g = gradientOf(sum);
      const h = hessianOf(sum);
      if (childScore(g, h, totalG, totalH, l1, l2, minimum) < maximum) continue;
      writeBest(best, maximum, slot, bin, missingLeft, g, h);
      return;
    }
  }
}

/**
 * Best split of a leaf over the listed columns: rows with a bin <= `bin` go left, the missing ones to
 * the side that scores higher. The earliest listed column wins ties, then the lowest bin.
 *
 * @param histograms the leaf's histograms, `cells` cells a slot
 * @param slots uint32 slots to search, `slotCount` of them, in the order that decides ties
 * @param minimum least hessian of a child, above 0
 * @param best six f64 (see scores.ts); its score on entry is the one to beat
 */
export function searchSplits(
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
): void {
  let toBeat = load<f64>(best, SCORE);
  for (let i: u32 = 0; i < slotCount; i++) {
    const slot = load<u32>(slots + ((<usize>i) << 2));
    const histogram = histograms + ((<usize>slot * cells) << 3);
    const missing = load<i64>(histogram);
    const maximum =
      l1 > 0
        ? columnMaximum<WithL1>(histogram, cells, missing, totalG, totalH, l1, l2, minimum)
        : columnMaximum<WithoutL1>(histogram, cells, missing, totalG, totalH, l1, l2, minimum);
    if (!(maximum > toBeat)) continue;
    toBeat = maximum;
    locateMaximum(histogram, cells, missing, totalG, totalH, l1, l2, minimum, maximum, slot, best);
  }
}
