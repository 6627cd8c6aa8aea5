import { LearnInputError } from '../errors/learn-input-error.js';
import type { SeededRandom } from '../numeric/seeded-random.js';

/** Most pieces a target is cut into. */
const MOST_PIECES = 64;
const FEWEST_PIECES = 8;

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
  requireShadowRows(rows);
  const bars = bar[rows[rows.length - 1]!]! - bar[rows[0]!]! + 1;
  const wanted = Math.floor(bars / (4 * Math.max(1, dependenceBars)));
  const pieces = Math.min(MOST_PIECES, Math.max(FEWEST_PIECES, wanted));
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
 * A target that no feature can predict and that depends on its own past as the real one does: the real
 * target in another order of time. Equivalent to selecting among block-permuted copies (shadows) of all
 * features at once.
 *
 * @returns by row number, NaN outside `rows`
 * @throws LearnInputError for fewer than 8 rows
 */
export function shadowTarget(input: ShadowInput, random: SeededRandom): Float64Array {
  const { rows, target } = input;
  const shadow = new Float64Array(target.length).fill(Number.NaN);
  shadowOrder(input, random).forEach((from, to) => {
    shadow[rows[to]!] = target[rows[from]!]!;
  });
  return shadow;
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
