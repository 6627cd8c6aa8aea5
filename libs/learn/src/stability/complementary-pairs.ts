import { LearnInputError } from '../errors/learn-input-error.js';
import type { SeededRandom } from '../numeric/seeded-random.js';

/** Membership of each block: 1 in the subsample, 0 in its complement. */
export type PairMembership = Uint8Array;

/** Different ways to cut `blocks` blocks into two halves: C(blocks, blocks / 2) / 2. */
export function distinctPairs(blocks: number): number {
  let ways = 1;
  for (let index = 1; index <= blocks / 2; index++) ways = (ways * (blocks / 2 + index)) / index;
  return Math.round(ways) / 2;
}

/**
 * Draws different complementary pairs of subsamples, each of half the blocks (Shah & Samworth 2013, with
 * blocks of time in place of rows).
 *
 * @param blocks an even number
 * @throws LearnInputError when there are fewer different pairs than wanted
 */
export function drawComplementaryPairs(
  blocks: number,
  pairs: number,
  random: SeededRandom,
): PairMembership[] {
  if (!(Number.isInteger(blocks) && blocks >= 2 && blocks % 2 === 0)) {
    throw new LearnInputError(`complementary pairs need an even number of blocks, got ${blocks}`);
  }
  const available = distinctPairs(blocks);
  if (pairs > available) {
    throw new LearnInputError(
      `${blocks} blocks make ${available} different complementary pairs, ${pairs} are wanted: use more blocks or fewer pairs`,
    );
  }
  const drawn: PairMembership[] = [];
  const seen = new Set<string>();
  while (drawn.length < pairs) {
    const membership = drawHalf(blocks, random);
    const key = membership.join('');
    const mirrored = membership.map((side) => 1 - side).join('');
    if (seen.has(key) || seen.has(mirrored)) continue;
    seen.add(key);
    drawn.push(membership);
  }
  return drawn;
}

function drawHalf(blocks: number, random: SeededRandom): PairMembership {
  const order = Array.from({ length: blocks }, (_, block) => block);
  const membership = new Uint8Array(blocks);
  for (let taken = 0; taken < blocks / 2; taken++) {
    const other = taken + random.below(blocks - taken);
    membership[order[other]!] = 1;
    order[other] = order[taken]!;
  }
  return membership;
}
