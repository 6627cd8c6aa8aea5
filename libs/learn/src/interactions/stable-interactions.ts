import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import type { PairMembership } from '../stability/complementary-pairs.js';
import { thresholdStep } from '../stability/error-bounds.js';
import type { WorkPool } from '../threads/work-pool.js';
import { CHOSEN_PRODUCTS, type ChosenProducts } from './chosen-products.js';
import { explainedShare, freedProduct, scoreOf, sumsByBlock } from './own-effects.js';
import type { ProductSpace } from './product-space.js';
import { PRODUCTS_OF_BLOCK, SCALES_OF_STRIP, scalePieces } from './product-sums.js';
import { type ProductTarget, placeTarget, productTarget } from './product-target.js';

/** Complementary pairs that a thread takes at a time. */
const PAIRS_AT_ONCE = 4;
/** Stable products that are looked at closely; beyond, the weakest are left out. */
const MOST_FINALISTS = 256;

export interface StableInteractionsInput {
  readonly space: ProductSpace;
  readonly matrix: BinnedMatrix;
  /** By row number, NaN where there is none. */
  readonly residual: Float64Array;
  readonly memberships: readonly PairMembership[];
  readonly q: number;
  readonly threshold: number;
  readonly pool: WorkPool;
}

export interface StableInteraction {
  /** Positions in the space. */
  readonly pair: readonly [number, number];
  readonly direction: 1 | -1;
  readonly frequency: number;
  readonly explained: number;
}

/** A signed product that enough subsamples selected. */
interface Finalist {
  readonly pair: readonly [number, number];
  readonly direction: 1 | -1;
  readonly score: number;
}

/**
 * Products selected in enough subsamples that stay so when they are freed of what both features say one by one, and of
 * the products taken before, strongest first. Freeing only takes products away, so that the bound holds.
 */
export function stableInteractions(
  input: StableInteractionsInput,
  hooks: ProgressHooks,
): StableInteraction[] {
  const { space, matrix, residual, memberships, threshold } = input;
  const target = productTarget(residual, space);
  placeTarget(target, space, new Arena(matrix.memory));
  const choices = chosenProducts(input, target, hooks);
  const least = thresholdStep(threshold, memberships.length) - 0.5;
  const rows = Uint32Array.from(target.values.keys()).filter(
    (row) => !Number.isNaN(residual[row]) && space.blocks.some(({ begin, end }) => row >= begin && row < end),
  );
  const left = Float64Array.from(target.values);
  const taken: StableInteraction[] = [];
  for (const { pair, direction } of finalists(choices, least, space, matrix)) {
    const product = freedProduct({ space, matrix, rows, target }, pair);
    const sums = sumsByBlock(product, left, space);
    const selections = memberships.reduce((count, membership, m) => {
      const sides = [1, 0].filter((side, at) => {
        const score = direction * scoreOf(sums, (block) => membership[block] === side);
        return score > 0 && score >= choices[2 * m + at]!.least;
      });
      return count + sides.length;
    }, 0);
    if (selections <= least) continue;
    taken.push({
      pair,
      direction,
      frequency: selections / choices.length,
      explained: explainedShare(sums),
    });
    const slope = sums.sums.reduce((sum, value) => sum + value, 0) / sums.square;
    product.rows.forEach((row, k) => {
      left[row]! -= slope * product.values[k]!;
    });
  }
  return taken;
}

/** What every subsample selected: for each complementary pair its subsample, then the complement. */
function chosenProducts(
  { space, memberships, q, pool }: StableInteractionsInput,
  { rows, rowsOfBlock, lagWeights }: ProductTarget,
  hooks: ProgressHooks,
): ChosenProducts[] {
  const task = { space, rows, lagWeights };
  pool.compute(PRODUCTS_OF_BLOCK, task, [...space.blocks.keys()], partOf(hooks, 0, 0.6));
  pool.compute(SCALES_OF_STRIP, task, scalePieces(space.columns.length), partOf(hooks, 0.6, 0.8));
  leaveOutOwnPairs(space);
  const pieces: PairMembership[][] = [];
  for (let from = 0; from < memberships.length; from += PAIRS_AT_ONCE) {
    pieces.push(memberships.slice(from, from + PAIRS_AT_ONCE));
  }
  return pool.compute(CHOSEN_PRODUCTS, { space, rowsOfBlock, q }, pieces, partOf(hooks, 0.8, 1)).flat();
}

/** A feature's value times its own size is a curve of that feature, not an interaction: it never scores. */
function leaveOutOwnPairs({ matrix, columns, scale, pitch }: ProductSpace): void {
  const scales = new Arena(matrix.memory).f32(scale, pitch);
  for (let j = 1; j < columns.length; j++) {
    if (columns[j] === columns[j - 1]) scales[(j * (j - 1)) / 2 + j - 1] = 0;
  }
}

/** Signed products in more than `least` subsamples, the largest score over all blocks first. */
function finalists(
  choices: readonly ChosenProducts[],
  least: number,
  space: ProductSpace,
  { memory }: BinnedMatrix,
): Finalist[] {
  const counts = new Map<number, number>();
  for (const { chosen } of choices) {
    for (const one of chosen) counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  const arena = new Arena(memory);
  const scale = arena.f32(space.scale, space.pitch);
  const score = (pair: number) =>
    space.blocks.reduce(
      (sum, _, b) => sum + arena.i16(space.products + 2 * (b * space.pitch + pair), 1)[0]!,
      0,
    ) * scale[pair]!;
  return [...counts]
    .filter(([, count]) => count > least)
    .map(([one]) => ({
      pair: pairOf(one >> 1),
      direction: one % 2 === 0 ? (1 as const) : (-1 as const),
      score: Math.abs(score(one >> 1)),
    }))
    .sort((a, b) => b.score - a.score || a.pair[1] - b.pair[1] || a.pair[0] - b.pair[0])
    .slice(0, MOST_FINALISTS);
}

/** Positions of pair number j (j - 1) / 2 + i. */
function pairOf(number: number): readonly [number, number] {
  let j = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2);
  while ((j * (j - 1)) / 2 > number) j--;
  while ((j * (j + 1)) / 2 <= number) j++;
  return [number - (j * (j - 1)) / 2, j];
}
