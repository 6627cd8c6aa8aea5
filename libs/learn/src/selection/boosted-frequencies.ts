import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import { trainBooster } from '../boosting/train-booster.js';
import { subseed } from '../numeric/seeded-random.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import { combinatorialPurged } from '../splits/combinatorial-purged.js';
import type { LabelGeometry } from '../splits/label-span.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { WorkPool } from '../threads/work-pool.js';

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
  readonly pool: WorkPool;
  readonly hooks: ProgressHooks;
}

export interface BoostedFrequencies {
  readonly frequency: Float64Array;
  readonly meanGain: Float64Array;
}

interface Fits {
  readonly matrix: BinnedMatrixHandle;
  readonly candidates: readonly number[];
  readonly target: Float64Array;
  /** Training rows by fold. */
  readonly trains: readonly Uint32Array[];
  readonly seed: bigint;
}

interface Fit {
  readonly fold: number;
  readonly draw: number;
}

/** Gain of every candidate in one fit. */
export const BOOSTED_GAIN: PieceKind<Fits, Fit, Float64Array> = {
  name: 'boosted-gain',
  compute: ({ matrix, candidates, target, trains, seed }, { fold, draw }, hooks) => {
    const { booster: params } = BOOSTED_SELECTION;
    const task = {
      matrix: openBinnedMatrix(matrix),
      rows: trains[fold]!,
      label: target,
      columns: candidates,
    };
    const onRound = (round: number) => reportProgress(hooks, round / params.rounds);
    const isCancelled = () => hooks.isCancelled?.() ?? false;
    const booster = trainBooster(
      task,
      { ...params, seed: subseed(seed, fold, draw) },
      { onRound, isCancelled },
    );
    const gain = booster.gain();
    return Float64Array.from(candidates, (column) => gain[column]!);
  },
};

/**
 * Training rows of each fold of the fits.
 *
 * @throws LearnInputError when rows are too few
 */
export function boostedFolds(
  input: Pick<BoostedFrequenciesInput, 'rows' | 'bar' | 'geometry'>,
): Uint32Array[] {
  const { folds } = BOOSTED_SELECTION;
  return combinatorialPurged({ ...input, folds, testFolds: 1 }).map(({ train }) => train);
}

/**
 * Share of 15 boosted fits in which each candidate got any gain: the original project's selection. It has
 * no error bound and tends to keep most of what enters; results say so.
 *
 * @returns one share and one mean gain a candidate
 */
export function boostedFrequencies(input: BoostedFrequenciesInput): BoostedFrequencies {
  const { matrix, candidates, rows, bar, geometry, target, seed, pool, hooks } = input;
  const { folds, seeds } = BOOSTED_SELECTION;
  const trains = boostedFolds({ rows, bar, geometry });
  const pieces = trains.flatMap((_, fold) => Array.from({ length: seeds }, (_, draw) => ({ fold, draw })));
  const shared = { matrix: matrix.handle, candidates, target, trains, seed };
  const frequency = new Float64Array(candidates.length);
  const meanGain = new Float64Array(candidates.length);
  for (const gains of pool.compute(BOOSTED_GAIN, shared, pieces, hooks)) {
    gains.forEach((gain, k) => {
      if (gain > 0) frequency[k]! += 1 / (folds * seeds);
      meanGain[k]! += gain / (folds * seeds);
    });
  }
  return { frequency, meanGain };
}
