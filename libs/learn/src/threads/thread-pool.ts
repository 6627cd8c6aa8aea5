import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { CancelledError } from '../cancelled-error.js';
import type { ProgressHooks } from '../progress-hooks.js';
import { computePieces, type PieceOutcome, reviveError } from './compute-pieces.js';
import { PieceBoard } from './piece-board.js';
import type { PieceKind } from './piece-kind.js';
import type { PieceRequest } from './piece-worker.js';
import { callingThread, type WorkPool } from './work-pool.js';

/** How often a thread that waits for the others asks whether it shall stop. */
const POLL_MS = 20;

/**
 * A pool of `threads` threads, the calling one among them, on the shared memory of the matrices they are
 * given. The calling thread takes pieces like the others and blocks until all are done, so it must not be
 * one that has to answer anybody meanwhile.
 *
 * @throws RangeError unless `threads` is a whole number from 1 to 64
 */
export function createWorkPool(threads: number): WorkPool {
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`threads must be a whole number from 1 to 64, got ${threads}`);
  }
  return threads === 1 ? callingThread : new ThreadPool(threads);
}

interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
}

class ThreadPool implements WorkPool {
  readonly #helpers: Helper[] = [];

  constructor(readonly threads: number) {}

  compute<Shared, Piece, Result>(
    kind: PieceKind<Shared, Piece, Result>,
    shared: Shared,
    pieces: readonly Piece[],
    hooks: ProgressHooks,
  ): Result[] {
    if (pieces.length < 2) return callingThread.compute(kind, shared, pieces, hooks);
    if (hooks.isCancelled?.()) throw new CancelledError(kind.name);
    const board = new PieceBoard(pieces.length);
    const helpers = this.#start(Math.min(this.threads, pieces.length) - 1);
    for (const { port } of helpers) {
      const request: PieceRequest = { name: kind.name, shared, pieces, board: board.words };
      port.postMessage(request);
    }
    const outcomes: PieceOutcome[] = [];
    const isCancelled = () => {
      if (hooks.isCancelled?.()) board.cancel();
      return board.isCancelled();
    };
    const work = { kind: kind as PieceKind<unknown, unknown, unknown>, shared, pieces };
    const onProgress = () => hooks.onProgress?.(board.fraction());
    computePieces(work, board, (outcome) => outcomes.push(outcome), { isCancelled, onProgress });
    while (!board.waitForAll(helpers.length, POLL_MS)) {
      isCancelled();
      onProgress();
    }
    for (const { port } of helpers) outcomes.push(...posted(port));
    onProgress();
    return inOrder(outcomes, pieces.length, kind.name) as Result[];
  }

  close(): void {
    for (const { worker, port } of this.#helpers.splice(0)) {
      port.close();
      // Nothing waits for the end: an idle thread holds no block of any memory.
      void worker.terminate();
    }
  }

  #start(count: number): readonly Helper[] {
    while (this.#helpers.length < count) {
      const { port1, port2 } = new MessageChannel();
      const worker = new Worker(workerFile(), { workerData: { port: port2 }, transferList: [port2] });
      worker.unref();
      port1.unref();
      this.#helpers.push({ worker, port: port1 });
    }
    return this.#helpers.slice(0, count);
  }
}

function posted(port: MessagePort): PieceOutcome[] {
  const outcomes: PieceOutcome[] = [];
  for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
    outcomes.push(got.message as PieceOutcome);
  }
  return outcomes;
}

/** Results by piece. @throws the error of the first piece that failed of itself, else CancelledError */
function inOrder(outcomes: readonly PieceOutcome[], pieces: number, name: string): unknown[] {
  const sorted = [...outcomes].sort((a, b) => a.piece - b.piece);
  const failed = sorted.filter((outcome) => 'error' in outcome);
  const cause = failed.find(({ error }) => error.name !== 'CancelledError') ?? failed[0];
  if (cause) throw reviveError(cause.error);
  if (sorted.length < pieces) throw new CancelledError(name);
  return sorted.map((outcome) => ('result' in outcome ? outcome.result : undefined));
}

/** The compiled worker: threads cannot run TypeScript, so specs under src use the one in dist. */
function workerFile(): URL {
  const own = import.meta.url.replace(/\/src\/threads\/[^/]+\.ts$/, '/dist/threads/thread-pool.js');
  return new URL('./piece-worker.js', own);
}
