import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { trainBooster } from '../boosting/booster.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import { subseed } from '../seeded-random.js';
import { combinatorialPurged } from '../splits/combinatorial-purged.js';
import type { LabelGeometry } from '../splits/label-span.js';

/** The reference procedure: 5 folds x 3 seeds of these parameters (31 leaves, rate 0.05, 100 rounds). */
export const BOOSTED_SELECTION = {
  folds: 5,
  seeds: 3,
  booster: {
    objective: 'squared',
    growth: 'leaf',
    rounds: 100,
    learningRate: 0.05,
    maxLeaves: 31,
    maxDepth: 8,
    minRowsInLeaf: 100,
    l2: 0,
    rowFraction: 0.8,
    rowEvery: 5,
    treeColumnFraction: 0.8,
  },
} as const;

export interface BoostedFrequenciesInput {
  readonly matrix: BinnedMatrix;
  readonly candidates: readonly number[];
  readonly rows: Uint32Array;
  /** By row number. */
  readonly target: Float64Array;
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  readonly seed: bigint;
  readonly hooks: ProgressHooks;
}

export interface BoostedFrequencies {
  readonly frequency: Float64Array;
  readonly meanGain: Float64Array;
}

/**
 * Share of 15 boosted fits in which each candidate got any gain: the original project's selection. It has
 * no error bound and tends to keep most of what enters; results say so.
 *
 * @returns one share and one mean gain a candidate
 */
export function boostedFrequencies(input: BoostedFrequenciesInput): BoostedFrequencies {
  const { matrix, candidates, rows, bar, geometry, target, seed, hooks } = input;
  const { folds, seeds, booster: params } = BOOSTED_SELECTION;
  const frequency = new Float64Array(candidates.length);
  const meanGain = new Float64Array(candidates.length);
  const fits = folds * seeds;
  combinatorialPurged({ rows, bar, geometry, folds, testFolds: 1 }).forEach(({ train }, fold) => {
    for (let draw = 0; draw < seeds; draw++) {
      const task = { matrix, rows: train, label: target, columns: candidates };
      const booster = trainBooster(task, { ...params, seed: subseed(seed, fold, draw) }, hooks);
      const gain = booster.gain();
      candidates.forEach((column, k) => {
        if (gain[column]! > 0) frequency[k]! += 1 / fits;
        meanGain[k]! += gain[column]! / fits;
      });
      reportProgress(hooks, (fold * seeds + draw + 1) / fits);
    }
  });
  return { frequency, meanGain };
}
