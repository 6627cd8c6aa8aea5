import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { CancelledError } from '../cancelled-error.js';
import type { HorizonData } from '../horizon-data.js';
import type { LearnConfig } from '../learn-config.js';

/** What every model of a horizon is trained from. */
export interface ModelContext {
  /** The retained features only. */
  readonly matrix: BinnedMatrix;
  readonly data: HorizonData;
  readonly config: LearnConfig;
  readonly seed: bigint;
  readonly isCancelled: () => boolean;
}

/** @throws CancelledError when the caller asked to stop */
export function checkCancelled(context: Pick<ModelContext, 'isCancelled'>, during: string): void {
  if (context.isCancelled()) throw new CancelledError(during);
}
