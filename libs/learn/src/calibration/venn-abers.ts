import type { Calibrator } from './calibrator.js';
import { stepAt } from './isotonic.js';

/** Calibration rows in groups of neighbouring scores, with running totals (entry i covers groups before i). */
interface ScoreGroups {
  /** Smallest score of each group, ascending. */
  readonly from: Float64Array;
  readonly count: Float64Array;
  readonly sum: Float64Array;
}

/** Scores are grouped to at most so many quantiles, which bounds the work: groups squared per query group. */
const MOST_GROUPS = 256;

/**
 * Inductive Venn-Abers calibration (Vovk, Petej & Fedorova 2015, arXiv 1511.00213): p0 (p1) of a score is
 * the isotonic fit at that score when the score itself joins the calibration rows as "down" ("up"); the
 * probability is p1 / (1 - p0 + p1), their log-loss minimax choice. Scores are first put into at most 256
 * quantile groups, and a score joins the group it falls into.
 */
export function fitVennAbers(logOdds: Float64Array, label: Float64Array): Calibrator {
  const groups = groupScores(logOdds, label, MOST_GROUPS);
  const probability = Float64Array.from(groups.from, (_, group) => {
    const { p0, p1 } = vennAbersInterval(groups, group);
    return p1 / (1 - p0 + p1);
  });
  const steps = { from: groups.from, value: probability };
  return {
    method: 'venn-abers',
    steps: { from: groups.from, probability },
    calibrate: (x) => x.map((score) => stepAt(steps, score)),
  };
}

/** Lower and upper probability of a score that falls into `group`. */
export function vennAbersInterval(groups: ScoreGroups, group: number): { p0: number; p1: number } {
  return { p0: fitWithExtra(groups, group, 0), p1: fitWithExtra(groups, group, 1) };
}

/** Groups of (nearly) equally many rows; equal scores are never split. */
export function groupScores(score: Float64Array, label: Float64Array, most: number): ScoreGroups {
  const order = Uint32Array.from(score.keys()).sort((i, j) => score[i]! - score[j]!);
  const from: number[] = [];
  const count = [0];
  const sum = [0];
  let nextEdge = 0;
  order.forEach((row, rank) => {
    const tied = rank > 0 && score[row] === score[order[rank - 1]!];
    if (rank >= nextEdge && !tied) {
      from.push(score[row]!);
      count.push(count.at(-1)!);
      sum.push(sum.at(-1)!);
      nextEdge = Math.max(rank + 1, Math.ceil((from.length * order.length) / most));
    }
    count[count.length - 1]! += 1;
    sum[sum.length - 1]! += label[row]!;
  });
  return { from: Float64Array.from(from), count: Float64Array.from(count), sum: Float64Array.from(sum) };
}

/** Max-min formula of isotonic regression at the group, with one more row of the given label in it. */
function fitWithExtra({ from, count, sum }: ScoreGroups, group: number, label: 0 | 1): number {
  let best = 0;
  for (let start = 0; start <= group; start++) {
    let smallest = 1;
    for (let end = group + 1; end <= from.length; end++) {
      const mean = (sum[end]! - sum[start]! + label) / (count[end]! - count[start]! + 1);
      if (mean < smallest) smallest = mean;
    }
    if (smallest > best) best = smallest;
  }
  return best;
}
