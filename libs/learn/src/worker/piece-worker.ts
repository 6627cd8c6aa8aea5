import { type MessagePort, workerData } from 'node:worker_threads';
import { computePieces, type PieceRequest } from '../threads/compute-pieces.js';
import { PieceBoard } from '../threads/piece-board.js';
import { PIECE_KINDS } from './piece-kinds.js';

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
