/** Words before the pieces' progress. */
const HEADER = 3;
const NEXT = 0;
const STOPPED = 1;
const CANCEL = 2;
const WHOLE = 1000;

/**
 * Shared words through which threads deal out the pieces of one piece of work among themselves: which piece
 * is next, how far each is, whether to stop, and how many threads have.
 */
export class PieceBoard {
  readonly words: Int32Array;

  constructor(pieces: number | Int32Array) {
    this.words =
      typeof pieces === 'number' ? new Int32Array(new SharedArrayBuffer(4 * (HEADER + pieces))) : pieces;
  }

  get #pieces(): number {
    return this.words.length - HEADER;
  }

  /** The next piece that nobody has taken; undefined when there is none or all shall stop. */
  take(): number | undefined {
    if (this.isCancelled()) return undefined;
    const piece = Atomics.add(this.words, NEXT, 1);
    return piece < this.#pieces ? piece : undefined;
  }

  progress(piece: number, fraction: number): void {
    Atomics.store(this.words, HEADER + piece, Math.round(fraction * WHOLE));
  }

  /** Share of all pieces that is done. */
  fraction(): number {
    let sum = 0;
    for (let piece = 0; piece < this.#pieces; piece++) sum += Atomics.load(this.words, HEADER + piece);
    return sum / (WHOLE * Math.max(1, this.#pieces));
  }

  cancel(): void {
    Atomics.store(this.words, CANCEL, 1);
  }

  isCancelled(): boolean {
    return Atomics.load(this.words, CANCEL) === 1;
  }

  /** A thread tells that it takes no more and that all it has to say is posted. */
  stop(): void {
    Atomics.add(this.words, STOPPED, 1);
    Atomics.notify(this.words, STOPPED);
  }

  /** Waits a moment for the threads; true when all `threads` have stopped. */
  waitForAll(threads: number, milliseconds: number): boolean {
    const stopped = Atomics.load(this.words, STOPPED);
    if (stopped >= threads) return true;
    Atomics.wait(this.words, STOPPED, stopped, milliseconds);
    return Atomics.load(this.words, STOPPED) >= threads;
  }
}
