import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { CancelledError } from '../errors/cancelled-error.js';
import type { WorkPool } from '../threads/work-pool.js';

/** Columns of a matrix that one training's models use, ascending. */
export interface ModelColumns {
  readonly columns: readonly number[];
  /** Those of them that linear models use. */
  readonly linearColumns: readonly number[];
}

/** What the models of the folds are trained from. */
export interface FoldFeatures {
  /** The columns of the final models first, in the same order, then those that only folds use. */
  readonly matrix: BinnedMatrix;
  readonly columns: readonly ModelColumns[];
}

/** What every model of a horizon is trained from. */
export interface ModelContext {
  /** The retained features only; null when selection retained none. */
  readonly matrix: BinnedMatrix | null;
  /** Columns of `matrix` that linear models use. */
  readonly linearColumns: readonly number[];
  /** Null where the folds' models use the columns of the final ones. */
  readonly folds: FoldFeatures | null;
  readonly data: HorizonData;
  readonly config: LearnConfig;
  readonly seed: bigint;
  readonly isCancelled: () => boolean;
  /** Threads to train on. */
  readonly pool: WorkPool;
}

/** The retained features. @throws Error when there are none: nothing can be trained then */
export function retainedMatrix({ matrix }: Pick<ModelContext, 'matrix'>): BinnedMatrix {
  if (!matrix) throw new Error('no feature was retained: there is nothing to train on');
  return matrix;
}

/** @throws CancelledError when the caller asked to stop */
export function checkCancelled(context: Pick<ModelContext, 'isCancelled'>, during: string): void {
  if (context.isCancelled()) throw new CancelledError(during);
}
