import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { CancelledError } from '../errors/cancelled-error.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { computePieces, type PieceOutcome, type PieceRequest, reviveError } from './compute-pieces.js';
import { type HelperOptions, HelperThreads } from './helper-threads.js';
import { PieceBoard } from './piece-board.js';
import type { PieceKind } from './piece-kind.js';
import { callingThread, type WorkPool } from './work-pool.js';

/** How often a thread that waits for the others asks whether it shall stop and whether they live. */
const POLL_MS = 20;

/**
 * A pool of `threads` threads, the calling one among them, on the shared memory of the matrices they are
 * given. The calling thread takes pieces like the others and blocks until all are done, so it must not be
 * one that has to answer anybody meanwhile.
 *
 * A thread that dies fails the work in progress with a ThreadDiedError; the pool starts new ones for the next.
 * What the dead thread had allocated in a matrix's memory stays taken until the matrix is released.
 *
 * @throws LearnInputError unless `threads` is a whole number from 1 to 64
 */
export function createWorkPool(threads: number, options: HelperOptions = {}): WorkPool {
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new LearnInputError(`threads must be a whole number from 1 to 64, got ${threads}`);
  }
  return threads === 1 ? callingThread : new ThreadPool(threads, options);
}

class ThreadPool implements WorkPool {
  #helpers: HelperThreads | undefined;

  constructor(
    readonly threads: number,
    readonly options: HelperOptions,
  ) {}

  compute<Shared, Piece, Result>(
    kind: PieceKind<Shared, Piece, Result>,
    shared: Shared,
    pieces: readonly Piece[],
    hooks: ProgressHooks,
  ): Result[] {
    if (pieces.length < 2) return callingThread.compute(kind, shared, pieces, hooks);
    if (hooks.isCancelled?.()) throw new CancelledError(kind.name);
    const helpers = this.#living();
    const ports = helpers.ports(Math.min(this.threads, pieces.length) - 1);
    const board = new PieceBoard({ pieces: pieces.length, helpers: ports.length });
    ports.forEach((port, helper) => {
      const request: PieceRequest = { name: kind.name, shared, pieces, board: board.words, helper };
      port.postMessage(request);
    });
    const outcomes: PieceOutcome[] = [];
    const isCancelled = () => {
      if (hooks.isCancelled?.() || helpers.someDied()) board.cancel();
      return board.isCancelled();
    };
    const work = { kind: kind as PieceKind<unknown, unknown, unknown>, shared, pieces };
    const onProgress = () => hooks.onProgress?.(board.fraction());
    computePieces(work, board, (outcome) => outcomes.push(outcome), { isCancelled, onProgress });
    while (!board.waitForAll((helper) => helpers.isDead(helper), POLL_MS)) {
      isCancelled();
      onProgress();
    }
    for (const port of ports) outcomes.push(...posted(port));
    onProgress();
    this.#checkAlive(helpers, outcomes, pieces.length, kind.name);
    return inOrder(outcomes, pieces.length, kind.name) as Result[];
  }

  close(): void {
    this.#helpers?.close();
    this.#helpers = undefined;
  }

  /** The helpers, new ones when one has died while there was nothing to do. */
  #living(): HelperThreads {
    if (this.#helpers?.someDied()) this.close();
    this.#helpers ??= new HelperThreads(this.threads - 1, this.options);
    return this.#helpers;
  }

  /** @throws ThreadDiedError when results are missing because a thread died, not because a piece failed */
  #checkAlive(helpers: HelperThreads, outcomes: readonly PieceOutcome[], pieces: number, name: string): void {
    if (!helpers.someDied()) return;
    const reasons = helpers.reasons();
    this.close();
    const failed = outcomes.some((outcome) => 'error' in outcome && outcome.error.name !== 'CancelledError');
    const results = outcomes.filter((outcome) => 'result' in outcome).length;
    if (!failed && results < pieces) throw new ThreadDiedError(name, reasons);
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

/** A helper thread that ended in the middle of some work, e.g. because its JavaScript heap was full. */
class ThreadDiedError extends Error {
  override readonly name = 'ThreadDiedError';

  constructor(during: string, reasons: readonly string[]) {
    super(`a helper thread ended during ${during}: ${reasons.join('; ')}`);
  }
}
