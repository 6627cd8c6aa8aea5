import type { FitInput, Method, MethodFit } from './stability-method.js';
import type { SubsampleStatistics } from './subsample-statistics.js';

/** Score of one column, at its Gram position; `inflation` is the column's own. */
export type ColumnScore = (statistics: SubsampleStatistics, j: number, inflation: number) => number;

/** A method that looks at one column at a time and needs no scratch. */
export function columnByColumn({
  of,
  ...described
}: Pick<Method, 'doc' | 'inflation'> & { readonly of: ColumnScore }): Method {
  return {
    ...described,
    needsLabels: false,
    bytes: () => 0,
    open: (input) =>
      fitBy((statistics) => columnScores(input, described.inflation(input.inflation), statistics, of)),
  };
}

/** Selects the best scored columns. */
export function fitBy(score: MethodFit['score']): MethodFit {
  return { score, select: (statistics, most) => largest(score(statistics), most) };
}

/** Scores by Gram position; -Infinity for columns that may not be selected. */
export function columnScores(
  { usable }: Pick<FitInput, 'usable'>,
  inflation: Float64Array,
  statistics: SubsampleStatistics,
  of: ColumnScore,
): Float64Array {
  const score = new Float64Array(usable.length).fill(Number.NEGATIVE_INFINITY);
  for (let j = 0; j < score.length; j++) if (usable[j] === 1) score[j] = of(statistics, j, inflation[j]!);
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
