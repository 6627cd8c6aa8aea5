import { CONTRASTS, contrastPitch } from './curvature-contrasts.js';

/** Squares of a sum up to so many times its variance are taken for chance. */
const CHANCE = 4;

/** What the shadows' sums over one column's bins add up to. */
export class ColumnEffect {
  readonly #rows: Float64Array;
  /** Sum over blocks of the squared sum of a bin, mean of the shadows. */
  readonly #squares: Float64Array;
  #squaresOfBlocks = 0;
  /** Sum of the real target in a bin. */
  readonly #real: Float64Array;
  readonly #share: number;
  readonly #contrasts: Float32Array;
  readonly #pitch: number;
  /** Sum over blocks of the squared inner products with curved contrasts, mean of the shadows. */
  #curvedSquares = 0;

  constructor(bins: number, contrasts: Float32Array, share: number) {
    this.#share = share;
    this.#real = new Float64Array(bins);
    this.#contrasts = contrasts;
    this.#pitch = contrastPitch(bins);
    this.#rows = new Float64Array(bins);
    this.#squares = new Float64Array(bins);
  }

  /** @param cells sums of both shadows by bin, @param counts rows, @param sums of the real target by bin */
  addBlock(cells: Float64Array, counts: Int32Array, sums: Float32Array): void {
    let first = 0;
    let second = 0;
    for (let bin = 0; bin < counts.length; bin++) {
      const one = cells[2 * bin]!;
      const two = cells[2 * bin + 1]!;
      this.#rows[bin]! += counts[bin]!;
      this.#real[bin]! += sums[bin]!;
      this.#squares[bin]! += (one * one + two * two) / 2;
      first += one;
      second += two;
    }
    this.#squaresOfBlocks += (first * first + second * second) / 2;
    for (let contrast = 1; contrast < CONTRASTS; contrast++) this.#addContrast(cells, contrast);
  }

  #addContrast(cells: Float64Array, contrast: number): void {
    const at = contrast * this.#pitch;
    let first = 0;
    let second = 0;
    for (let bin = 0; bin < this.#rows.length; bin++) {
      first += this.#contrasts[at + bin]! * cells[2 * bin]!;
      second += this.#contrasts[at + bin]! * cells[2 * bin + 1]!;
    }
    this.#curvedSquares += (first * first + second * second) / 2;
  }

  /** Mean square of the inner product over that of independent rows of variance 1. */
  linear(squares: number, table: Int16Array): number {
    const inner = this.#real.reduce((sum, real, bin) => sum + real * table[bin]!, 0);
    const square = this.#rows.reduce((sum, rows, bin) => sum + rows * table[bin]! ** 2, 0);
    return this.#withoutEffect(squares, inner) / square;
  }

  /**
   * Squares of a shadow's sums less what the real sum, beyond the {@link CHANCE} times its variance that chance may make of it,
   * adds to them within pieces of one sign.
   */
  #withoutEffect(squares: number, real: number): number {
    const kept = 1 - CHANCE * this.#share;
    if (kept <= 0 || real * real <= CHANCE * squares) return squares;
    return Math.max(0, squares - this.#share * real * real) / kept;
  }

  /** The same for the squares that curved contrasts explain. */
  curved(): number {
    let square = 0;
    let real = 0;
    for (let contrast = 1; contrast < CONTRASTS; contrast++) {
      const at = contrast * this.#pitch;
      let inner = 0;
      for (let bin = 0; bin < this.#rows.length; bin++) {
        square += this.#rows[bin]! * this.#contrasts[at + bin]! ** 2;
        inner += this.#real[bin]! * this.#contrasts[at + bin]!;
      }
      real += inner * inner;
    }
    return this.#withoutEffect(this.#curvedSquares, Math.sqrt(real)) / square;
  }

  /** The same for the squares between bins, the target's mean left out as the F statistic does. */
  binned(): number {
    let between = 0;
    let used = 0;
    let present = 0;
    for (let bin = 0; bin < this.#rows.length; bin++) {
      const rows = this.#rows[bin]!;
      if (rows === 0) continue;
      between += this.#withoutEffect(this.#squares[bin]!, this.#real[bin]!) / rows;
      present += rows;
      used++;
    }
    return (between - this.#squaresOfBlocks / present) / (used - 1);
  }
}
