import { LearnInputError } from '../errors/learn-input-error.js';
import type { SeededRandom } from '../numeric/seeded-random.js';

/** Pieces of time are at least this many dependence lengths long, where the rows allow it. */
const PIECE_LENGTHS = 4;
const FEWEST_PIECES = 8;
/** Most pieces that are put in another order, and most whose sign is drawn. */
const MOST_PLACES = 64;
const MOST_SIGNS = 4096;

export interface ShadowInput {
  /** Rows with a target, in time order. */
  rows: Uint32Array;
  target: Float64Array;
  bar: Int32Array;
  /** Bars over which the target depends on itself: target window + horizon. */
  dependenceBars: number;
}

/** @throws LearnInputError for fewer rows than a shadow is made of */
export function requireShadowRows(rows: Uint32Array): void {
  if (rows.length >= FEWEST_PIECES) return;
  throw new LearnInputError(`a shadow needs at least ${FEWEST_PIECES} rows, got ${rows.length}`);
}

/**
 * An order of the rows that breaks every relation in time but those between neighbours: pieces of at least
 * four dependence lengths, where the rows allow it, in random order, none in its own place.
 *
 * @returns for each position in `rows`, the position to take instead
 * @throws LearnInputError for fewer than 8 rows
 */
export function shadowOrder(
  { rows, bar, dependenceBars }: Omit<ShadowInput, 'target'>,
  random: SeededRandom,
): Uint32Array {
  const pieces = piecesOf(rows, bar, dependenceBars, MOST_PLACES);
  const positions = new Uint32Array(rows.length);
  let to = 0;
  for (const piece of derangement(pieces, random)) {
    const begin = Math.floor((piece * rows.length) / pieces);
    const end = Math.floor(((piece + 1) * rows.length) / pieces);
    for (let from = begin; from < end; from++) positions[to++] = from;
  }
  return positions;
}

/**
 * A target that no feature can foretell and that keeps everything else: the real one with the sign of each piece of time
 * drawn anew, about its mean. Its size stays where it is in time, so that features whose own size follows volatility meet
 * what they meet in the real target; pieces in another order would take the two apart. Pieces are four dependence lengths
 * long, where the rows allow it.
 *
 * @returns by row number, NaN outside `rows`
 * @throws LearnInputError for fewer than 8 rows
 */
export function shadowTarget(input: ShadowInput, random: SeededRandom): Float64Array {
  const { rows, target } = input;
  const pieces = signPieces(input);
  const mean = rows.reduce((sum, row) => sum + target[row]!, 0) / rows.length;
  const shadow = new Float64Array(target.length).fill(Number.NaN);
  for (let piece = 0; piece < pieces; piece++) {
    const sign = random.next() < 0.5 ? -1 : 1;
    const end = Math.floor(((piece + 1) * rows.length) / pieces);
    for (let k = Math.floor((piece * rows.length) / pieces); k < end; k++) {
      const row = rows[k]!;
      shadow[row] = mean + sign * (target[row]! - mean);
    }
  }
  return shadow;
}

/** Pieces of time that get a sign each. @throws LearnInputError for fewer than 8 rows */
export function signPieces({ rows, bar, dependenceBars }: Omit<ShadowInput, 'target'>): number {
  return piecesOf(rows, bar, dependenceBars, MOST_SIGNS);
}

function piecesOf(rows: Uint32Array, bar: Int32Array, dependenceBars: number, most: number): number {
  requireShadowRows(rows);
  const bars = bar[rows[rows.length - 1]!]! - bar[rows[0]!]! + 1;
  const wanted = Math.floor(bars / (PIECE_LENGTHS * Math.max(1, dependenceBars)));
  return Math.min(most, Math.max(FEWEST_PIECES, wanted));
}

/** A random order in which nothing keeps its place: a random cycle through all (Sattolo 1986). */
function derangement(size: number, random: SeededRandom): number[] {
  const order = Array.from({ length: size }, (_, index) => index);
  for (let index = size - 1; index > 0; index--) {
    const other = random.below(index);
    const held = order[index]!;
    order[index] = order[other]!;
    order[other] = held;
  }
  return order;
}
