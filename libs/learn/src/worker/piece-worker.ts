import { type MessagePort, workerData } from 'node:worker_threads';
import { computePieces } from '../threads/compute-pieces.js';
import { PieceBoard } from '../threads/piece-board.js';
import { PIECE_KINDS } from './piece-kinds.js';

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

const { port } = workerData as { port: MessagePort };

port.on('message', ({ name, shared, pieces, board: words, helper }: PieceRequest) => {
  const board = new PieceBoard(words);
  try {
    const kind = PIECE_KINDS.get(name);
    if (!kind) throw new Error(`there is no work named '${name}'`);
    const hooks = { isCancelled: () => board.isCancelled(), onProgress: () => undefined };
    computePieces({ kind, shared, pieces }, board, (outcome) => port.postMessage(outcome), hooks);
  } catch (thrown) {
    board.cancel();
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    port.postMessage({ piece: 0, error: { name: 'Error', message } });
  } finally {
    board.stop(helper);
  }
});
