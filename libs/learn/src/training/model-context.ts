import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { CancelledError } from '../errors/cancelled-error.js';
import type { WorkPool } from '../threads/work-pool.js';

/** What every model of a horizon is trained from. */
export interface ModelContext {
  /** The retained features only; null when selection retained none. */
  readonly matrix: BinnedMatrix | null;
  /** Columns of `matrix` that linear models use. */
  readonly linearColumns: readonly number[];
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
