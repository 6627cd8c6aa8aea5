import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { type ProgressHooks, reportProgress } from '../progress/progress-hooks.js';
import type { PieceKind } from '../threads/piece-kind.js';
import type { WorkPool } from '../threads/work-pool.js';
import type { PairMembership } from './complementary-pairs.js';
import { type StabilityInput, SubsampleFits } from './subsample-fits.js';

/** Which subsamples to select in, and on which threads. */
export interface Subsamples {
  readonly pairs: readonly PairMembership[];
  readonly pool: WorkPool;
}

/** Complementary pairs that a thread takes at a time. */
const PAIRS_AT_ONCE = 4;

/** By side of each of some complementary pairs and by method: what was selected, as Gram positions. */
export const SELECTED_IN_PAIRS: PieceKind<StabilityInput, readonly PairMembership[], Int32Array[][]> = {
  name: 'selected-in-pairs',
  compute: selectedInPairs,
};

/**
 * Share of the subsamples, both of every complementary pair, that each method selects each column in.
 *
 * @returns by method, in Gram order
 */
export function stabilityFrequencies(
  input: StabilityInput,
  { pairs, pool }: Subsamples,
  hooks: ProgressHooks = {},
): Float64Array[] {
  const pieces: PairMembership[][] = [];
  for (let from = 0; from < pairs.length; from += PAIRS_AT_ONCE) {
    pieces.push(pairs.slice(from, from + PAIRS_AT_ONCE));
  }
  const fits = pool.compute(SELECTED_IN_PAIRS, input, pieces, hooks).flat();
  return input.methods.map((_, method) => {
    const count = new Float64Array(input.context.columns.length);
    for (const selected of fits) for (const j of selected[method]!) count[j]!++;
    return count.map((times) => times / fits.length);
  });
}

function selectedInPairs(
  input: StabilityInput,
  pairs: readonly PairMembership[],
  hooks: ProgressHooks,
): Int32Array[][] {
  const scope = new ArenaScope(new Arena(input.context.matrix.memory));
  try {
    const fits = new SubsampleFits(input, input.q, scope);
    return pairs.flatMap((membership, pair) => {
      fits.onStep = () => reportProgress(hooks, pair / pairs.length);
      const selected = fits.select(membership);
      reportProgress(hooks, (pair + 1) / pairs.length);
      return selected;
    });
  } finally {
    scope.release();
  }
}

/**
 * Each method's score of every column on all blocks, by method and in Gram order; more is better. Frequencies
 * tell features apart that are selected now and then; scores do so for all others, too.
 *
 * @param depth most variables of the elastic-net path
 * @throws CancelledError
 */
export function evidenceOnAllRows(
  input: StabilityInput,
  depth: number,
  hooks: ProgressHooks = {},
): Float64Array[] {
  const scope = new ArenaScope(new Arena(input.context.matrix.memory));
  try {
    const fits = new SubsampleFits(input, depth, scope);
    fits.onStep = () => reportProgress(hooks, 0);
    fits.onStep();
    return fits.scores();
  } finally {
    scope.release();
  }
}
