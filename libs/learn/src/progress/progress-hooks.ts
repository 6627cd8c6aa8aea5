import { CancelledError } from '../errors/cancelled-error.js';

/** How long work reports and stops. */
export interface ProgressHooks {
  /** Share of the work done, 0 to 1. */
  onProgress?(fraction: number): void;
  isCancelled?(): boolean;
}

/** Reports progress; @throws CancelledError when the caller wants no more */
export function reportProgress(hooks: ProgressHooks, fraction: number): void {
  if (hooks.isCancelled?.()) throw new CancelledError('feature selection');
  hooks.onProgress?.(fraction);
}

/** Hooks of a part of some work that runs from share `from` to share `to` of it. */
export function partOf(hooks: ProgressHooks, from: number, to: number): ProgressHooks {
  return { ...hooks, onProgress: (fraction) => hooks.onProgress?.(from + fraction * (to - from)) };
}
