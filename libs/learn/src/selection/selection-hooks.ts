import { CancelledError } from '../cancelled-error.js';

/** How long work reports and stops. */
export interface SelectionHooks {
  /** Share of the work done, 0 to 1. */
  onProgress?(fraction: number): void;
  isCancelled?(): boolean;
}

/** Reports progress; @throws CancelledError when the caller wants no more */
export function reportProgress(hooks: SelectionHooks, fraction: number): void {
  if (hooks.isCancelled?.()) throw new CancelledError('feature selection');
  hooks.onProgress?.(fraction);
}
