import type { ProgressHooks } from '../progress/progress-hooks.js';
import { reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from './piece-kind.js';

/** Computes the pieces of some work, on one thread or on several; the results are the same. */
export interface WorkPool {
  readonly threads: number;
  /**
   * @returns one result a piece, in the order of the pieces
   * @throws what the first failing piece throws, once no thread works any more; CancelledError
   */
  compute<Shared, Piece, Result>(
    kind: PieceKind<Shared, Piece, Result>,
    shared: Shared,
    pieces: readonly Piece[],
    hooks: ProgressHooks,
  ): Result[];
  /** Ends the threads; the pool stays usable and starts them again. */
  close(): void;
}

/** Computes on the calling thread. */
export const callingThread: WorkPool = {
  threads: 1,
  compute: (kind, shared, pieces, hooks) =>
    pieces.map((piece, index) => {
      reportProgress(hooks, index / pieces.length);
      const result = kind.compute(shared, piece, {
        ...hooks,
        onProgress: (fraction) => hooks.onProgress?.((index + fraction) / pieces.length),
      });
      reportProgress(hooks, (index + 1) / pieces.length);
      return result;
    }),
  close: () => undefined,
};
