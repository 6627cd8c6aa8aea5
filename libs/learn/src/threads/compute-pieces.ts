import { CancelledError } from '../errors/cancelled-error.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import type { PieceBoard } from './piece-board.js';
import type { PieceKind } from './piece-kind.js';

/** What came of one piece. */
export type PieceOutcome =
  | { readonly piece: number; readonly result: unknown }
  | { readonly piece: number; readonly error: PieceError };

/** An error as it crosses threads, where classes are lost. */
export interface PieceError {
  readonly name: string;
  readonly message: string;
  /** Of a CancelledError. */
  readonly during?: string;
}

/** Work that a thread of a pool is asked to take part in. */
export interface PieceRequest {
  readonly name: string;
  readonly shared: unknown;
  readonly pieces: readonly unknown[];
  /** Words of the {@link PieceBoard}. */
  readonly board: Int32Array;
  /** Number of the helper that is asked. */
  readonly helper: number;
}

export interface PieceWork {
  readonly kind: PieceKind<unknown, unknown, unknown>;
  readonly shared: unknown;
  readonly pieces: readonly unknown[];
}

/** Takes pieces from the board and computes them until there is none; an error makes all threads stop. */
export function computePieces(
  work: PieceWork,
  board: PieceBoard,
  tell: (outcome: PieceOutcome) => void,
  hooks: { isCancelled(): boolean; onProgress(): void },
): void {
  for (let piece = board.take(); piece !== undefined; piece = board.take()) {
    const at = piece;
    try {
      const result = work.kind.compute(work.shared, work.pieces[piece], {
        isCancelled: hooks.isCancelled,
        onProgress: (fraction) => {
          board.progress(at, fraction);
          hooks.onProgress();
        },
      });
      board.progress(piece, 1);
      tell({ piece, result });
    } catch (thrown) {
      board.cancel();
      tell({ piece, error: pieceError(thrown) });
    }
    hooks.onProgress();
  }
}

function pieceError(thrown: unknown): PieceError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { name, message } = thrown;
  return thrown instanceof CancelledError ? { name, message, during: thrown.during } : { name, message };
}

/** The error of a piece, with the class that callers tell errors apart by. */
export function reviveError({ name, message, during }: PieceError): Error {
  if (during !== undefined) return new CancelledError(during);
  if (name === 'LearnInputError') return new LearnInputError(message);
  const error = new Error(message);
  error.name = name;
  return error;
}
