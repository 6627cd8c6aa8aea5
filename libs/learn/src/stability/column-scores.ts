import { oneWayScore } from './binned-f.js';
import { curvatureScore } from './curvature.js';
import type { SubsampleStatistics } from './subsample-statistics.js';

export interface ScoreInput {
  readonly statistics: SubsampleStatistics;
  /** 1 for columns that may be selected, by Gram position. */
  readonly usable: Uint8Array;
  /** By Gram position: see inflation.ts. */
  readonly inflation: Float64Array;
}

/** What the straight line leaves to curved contrasts, by Gram position; -Infinity where there is nothing. */
export function curvatureScores(input: ScoreInput): Float64Array {
  const { line, curved, contrasts, moments } = input.statistics;
  const { rows, sum, square } = moments;
  return scores(input, (j, inflation) =>
    curvatureScore({
      line: line[j]!,
      curved: curved[j]!,
      contrasts: contrasts[j]!,
      rows,
      sum,
      square,
      inflation,
    }),
  );
}

/** One-way F over bins. */
export function binnedFScores(input: ScoreInput): Float64Array {
  const { binSquares, bins, moments } = input.statistics;
  const { rows, sum, square } = moments;
  return scores(input, (j, inflation) =>
    oneWayScore({ binSquares: binSquares[j]!, bins: bins[j]!, rows, sum, square, inflation }),
  );
}

/** The straight line and the curved contrasts together, as the square that each of them explains on average. */
export function smoothScores(input: ScoreInput): Float64Array {
  const { line, curved, contrasts } = input.statistics;
  return scores(input, (j, inflation) => (line[j]! + curved[j]!) / (1 + contrasts[j]!) / inflation);
}

function scores({ usable, inflation }: ScoreInput, of: (j: number, times: number) => number): Float64Array {
  const score = new Float64Array(usable.length).fill(Number.NEGATIVE_INFINITY);
  for (let j = 0; j < score.length; j++) if (usable[j] === 1) score[j] = of(j, inflation[j]!);
  return score;
}

/** Positions of the largest scores, largest first, at most `most`; ties go to the lower position, -Infinity is out. */
export function largest(score: Float64Array, most: number): Int32Array {
  const least = Float64Array.from(score).sort()[Math.max(0, score.length - most)]!;
  const best: number[] = [];
  for (let j = 0; j < score.length; j++) {
    if (score[j]! >= least && score[j]! > Number.NEGATIVE_INFINITY) best.push(j);
  }
  return Int32Array.from(best.sort((a, b) => score[b]! - score[a]! || a - b).slice(0, most));
}
