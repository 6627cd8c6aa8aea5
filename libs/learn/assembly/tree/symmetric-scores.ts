import { childScore, gradientOf, hessianOf } from './scores';

/**
 * Adds one leaf's part to the score of every split that a whole level could take (oblivious trees,
 * Prokhorenkova et al. 2018). A leaf that the split would leave with too small a child stays whole, so
 * it adds its own score.
 *
 * @param ownScore score of the leaf unsplit
 * @param scores f64 by listed slot, direction of the missing values (right, left) and bin
 */
export function addSymmetricScores(
  histograms: usize,
  cells: u32,
  slots: usize,
  slotCount: u32,
  totalG: f64,
  totalH: f64,
  l1: f64,
  l2: f64,
  minimum: f64,
  ownScore: f64,
  scores: usize,
): void {
  for (let i: u32 = 0; i < slotCount; i++) {
    const slot = load<u32>(slots + ((<usize>i) << 2));
    const histogram = histograms + ((<usize>slot * cells) << 3);
    const missing = load<i64>(histogram);
    for (let missingLeft: u32 = 0; missingLeft < 2; missingLeft++) {
      let sum: i64 = missingLeft ? missing : 0;
      const out = scores + ((<usize>(2 * i + missingLeft) * cells) << 3);
      for (let bin: u32 = 1; bin < cells; bin++) {
        sum += load<i64>(histogram + ((<usize>bin) << 3));
        const h = hessianOf(sum);
        const split = h >= minimum && totalH - h >= minimum;
        const score = split ? childScore(gradientOf(sum), h, totalG, totalH, l1, l2, minimum) : ownScore;
        const at = out + ((<usize>bin) << 3);
        store<f64>(at, load<f64>(at) + score);
      }
    }
  }
}
