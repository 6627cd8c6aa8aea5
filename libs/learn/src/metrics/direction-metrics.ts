import { PROBABILITY_FLOOR } from '../numeric/sigmoid.js';
import { type WeightedStatistic, weightedMean } from './weighted-statistic.js';

/** Log loss of each row in nats. */
export function logLossByRow(probability: Float64Array, label: Float64Array): Float64Array {
  return probability.map((p, row) => {
    const right = label[row]! > 0.5 ? p : 1 - p;
    return -Math.log(Math.max(PROBABILITY_FLOOR, Math.min(1 - PROBABILITY_FLOOR, right)));
  });
}

/** 1 where the call (p >= 1/2 is a call of "up") was right, else 0. */
export function correctByRow(probability: Float64Array, label: Float64Array): Float64Array {
  return probability.map((p, row) => (p >= 0.5 === label[row]! > 0.5 ? 1 : 0));
}

/** Mean squared error of the probability. */
export function brier(probability: Float64Array, label: Float64Array): WeightedStatistic {
  return weightedMean(probability.map((p, row) => (p - label[row]!) ** 2));
}

/** Area under the ROC curve: probability that an "up" row scores above a "down" row, ties count half. */
export function auc(score: Float64Array, label: Float64Array): WeightedStatistic {
  const order = Uint32Array.from(score.keys()).sort((i, j) => score[i]! - score[j]!);
  const isUp = Uint8Array.from(order, (row) => (label[row]! > 0.5 ? 1 : 0));
  const endsTie = Uint8Array.from(order, (row, k) => (score[order[k + 1] ?? -1] === score[row] ? 0 : 1));
  return (resample) => {
    const multiplicity = resample?.multiplicity;
    let below = 0;
    let concordant = 0;
    let positives = 0;
    let up = 0;
    let down = 0;
    for (let k = 0; k < order.length; k++) {
      const m = multiplicity ? multiplicity[order[k]!]! : 1;
      if (isUp[k] === 1) up += m;
      else down += m;
      if (endsTie[k] === 0) continue;
      concordant += up * (below + down / 2);
      below += down;
      positives += up;
      up = 0;
      down = 0;
    }
    return concordant / (positives * below);
  };
}

/**
 * Expected calibration error: mean over bins of |mean probability - share of "up"|, weighted by rows. Bins
 * hold equally many rows of the sample (quantile bins), which is less sensitive to empty bins than equal
 * widths (Nixon et al. 2019, arXiv 1904.01685).
 */
export function expectedCalibrationError(
  probability: Float64Array,
  label: Float64Array,
  bins = 10,
): WeightedStatistic {
  const order = Uint32Array.from(probability.keys()).sort((i, j) => probability[i]! - probability[j]!);
  const binOf = new Uint8Array(probability.length);
  order.forEach((row, rank) => {
    binOf[row] = Math.floor((rank * bins) / order.length);
  });
  return (resample) => {
    const multiplicity = resample?.multiplicity;
    const gap = new Float64Array(bins);
    let total = 0;
    for (let row = 0; row < probability.length; row++) {
      const m = multiplicity ? multiplicity[row]! : 1;
      gap[binOf[row]!]! += m * (probability[row]! - label[row]!);
      total += m;
    }
    return gap.reduce((sum, g) => sum + Math.abs(g), 0) / total;
  };
}
