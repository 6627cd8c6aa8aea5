/** Words before those of the helpers and of the pieces. */
const HEADER = 4;
const NEXT = 0;
const STOPPED = 1;
const CANCEL = 2;
const HELPERS = 3;
const WHOLE = 1000;

/**
 * Shared words through which threads deal out the pieces of one piece of work among themselves: which piece
 * is next, how far each is, whether to stop, and which helpers have.
 */
export class PieceBoard {
  readonly words: Int32Array;
  /** Words before those of the pieces. */
  readonly #before: number;

  /** @param board how many there are of both, or the words of the board that another thread made */
  constructor(board: { readonly pieces: number; readonly helpers: number } | Int32Array) {
    if (board instanceof Int32Array) {
      this.words = board;
    } else {
      this.words = new Int32Array(new SharedArrayBuffer(4 * (HEADER + board.helpers + board.pieces)));
      this.words[HELPERS] = board.helpers;
    }
    this.#before = HEADER + this.words[HELPERS]!;
  }

  get #pieces(): number {
    return this.words.length - this.#before;
  }

  /** The next piece that nobody has taken; undefined when there is none or all shall stop. */
  take(): number | undefined {
    if (this.isCancelled()) return undefined;
    const piece = Atomics.add(this.words, NEXT, 1);
    return piece < this.#pieces ? piece : undefined;
  }

  progress(piece: number, fraction: number): void {
    Atomics.store(this.words, this.#before + piece, Math.round(fraction * WHOLE));
  }

  /** Share of all pieces that is done. */
  fraction(): number {
    let sum = 0;
    for (let piece = 0; piece < this.#pieces; piece++) sum += Atomics.load(this.words, this.#before + piece);
    return sum / (WHOLE * Math.max(1, this.#pieces));
  }

  cancel(): void {
    Atomics.store(this.words, CANCEL, 1);
  }

  isCancelled(): boolean {
    return Atomics.load(this.words, CANCEL) === 1;
  }

  /** A helper tells that it takes no more and that all it has to say is posted. */
  stop(helper: number): void {
    Atomics.store(this.words, HEADER + helper, 1);
    Atomics.add(this.words, STOPPED, 1);
    Atomics.notify(this.words, STOPPED);
  }

  /** Waits a moment for the helpers; true when all have stopped, or are gone and never will. */
  waitForAll(isGone: (helper: number) => boolean, milliseconds: number): boolean {
    const stopped = Atomics.load(this.words, STOPPED);
    if (this.#allStopped(isGone)) return true;
    Atomics.wait(this.words, STOPPED, stopped, milliseconds);
    return this.#allStopped(isGone);
  }

  #allStopped(isGone: (helper: number) => boolean): boolean {
    for (let helper = 0; helper < this.words[HELPERS]!; helper++) {
      if (Atomics.load(this.words, HEADER + helper) === 0 && !isGone(helper)) return false;
    }
    return true;
  }
}
