import { type MessagePort, workerData } from 'node:worker_threads';
import { FITTED_LOG_ODDS } from '../baselines/fitted-log-odds.js';
import { EXPLAINED_ROWS } from '../explain/explain-rows.js';
import { LOSS_OF_PERMUTED } from '../explain/permutation-importance.js';
import { CHOSEN_PRODUCTS } from '../interactions/chosen-products.js';
import { PRODUCTS_OF_BLOCK, SCALES_OF_STRIP } from '../interactions/product-sums.js';
import { LEAK_SHARES } from '../leaks/leak-shares.js';
import { COUNTED_COLUMNS } from '../pruning/bin-counts.js';
import { CLOSE_PAIRS } from '../pruning/screen-pairs.js';
import { SCORED_GROUP } from '../scoring/final-scores.js';
import { BOOSTED_GAIN } from '../selection/boosted-frequencies.js';
import { GRAM_OF_BLOCK } from '../stability/block-gram.js';
import { TABLES_OF_COLUMNS } from '../stability/block-tables.js';
import { EFFECTS_OF_COLUMNS } from '../stability/inflation.js';
import { SELECTED_IN_PAIRS } from '../stability/stability-frequencies.js';
import { SUMMED_COLUMNS } from '../stability/target-bins.js';
import { computePieces, type PieceRequest } from '../threads/compute-pieces.js';
import { PieceBoard } from '../threads/piece-board.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { TRAINED_MODEL } from '../training/train-models.js';

const kinds = [
  COUNTED_COLUMNS,
  CLOSE_PAIRS,
  TABLES_OF_COLUMNS,
  GRAM_OF_BLOCK,
  LEAK_SHARES,
  SUMMED_COLUMNS,
  EFFECTS_OF_COLUMNS,
  SELECTED_IN_PAIRS,
  PRODUCTS_OF_BLOCK,
  SCALES_OF_STRIP,
  CHOSEN_PRODUCTS,
  BOOSTED_GAIN,
  FITTED_LOG_ODDS,
  TRAINED_MODEL,
  EXPLAINED_ROWS,
  LOSS_OF_PERMUTED,
  SCORED_GROUP,
];

/** All that threads can be asked to compute, by name. */
const PIECE_KINDS: ReadonlyMap<string, PieceKind<unknown, unknown, unknown>> = new Map(
  kinds.map((kind) => [kind.name, kind as PieceKind<unknown, unknown, unknown>]),
);

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
