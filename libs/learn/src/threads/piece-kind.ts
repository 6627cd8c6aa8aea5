import type { ProgressHooks } from '../progress/progress-hooks.js';

/**
 * Work that falls into independent pieces. `shared`, pieces and results are plain data (with the shared
 * memory of a matrix in it), since they may cross threads; the result depends on `shared` and the piece only.
 */
export interface PieceKind<Shared, Piece, Result> {
  readonly name: string;
  compute(shared: Shared, piece: Piece, hooks: ProgressHooks): Result;
}
