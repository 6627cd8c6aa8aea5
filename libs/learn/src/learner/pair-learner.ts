import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { type HorizonInput, type HorizonScope, learnHorizon } from '../horizon/learn-horizon.js';
import { PairSelection } from '../horizon/pair-selection.js';
import type { LearnHooks } from '../progress/learn-hooks.js';
import { developmentRows } from '../splits/development-rows.js';
import { createWorkPool } from '../threads/thread-pool.js';
import { type HorizonOutcome, horizonOutcome } from './horizon-outcome.js';

/**
 * Learns the horizons of one pair: prune (once a pair) -> select -> model -> explain. Holds what horizons
 * share; a horizon's outcome never depends on which horizons were learned before.
 */
export class PairLearner {
  readonly #scope: HorizonScope;

  /**
   * @param threads threads to compute on, the calling one among them; results do not depend on it
   * @throws LearnInputError when arrays differ in length, or too few rows are left for development
   */
  constructor(input: PairInput, config: LearnConfig, threads = 1) {
    const { matrix } = input;
    checkLengths(matrix.rows, { time: input.time, bar: input.bar, persistence: input.persistence });
    checkLengths(matrix.columns, {
      featureIds: input.featureIds,
      nullShare: input.nullShare,
      contentHash: input.contentHash,
    });
    checkLengths(
      matrix.rows,
      Object.fromEntries(input.targets.map(({ horizon, target }) => [`target of h${horizon}`, target])),
    );
    this.#scope = {
      pair: input,
      config,
      selection: new PairSelection(input, config, developmentRows(input.bar, config)),
      pool: createWorkPool(threads),
    };
  }

  /**
   * Learns one horizon.
   *
   * @throws LearnInputError when the horizon has too few rows to be learned honestly, or is none of the pair's targets
   * @throws CancelledError when `hooks.isCancelled` says so
   */
  learnHorizon(input: HorizonInput, hooks: LearnHooks = {}): HorizonOutcome {
    return horizonOutcome(this.#scope, input.seed, learnHorizon(this.#scope, input, hooks));
  }

  /**
   * Gives back what horizons share in the matrix's memory, and ends the threads. The learner stays usable and
   * builds both anew.
   */
  release(): void {
    this.#scope.selection.release();
    this.#scope.pool.close();
  }
}

function checkLengths(expected: number, arrays: Readonly<Record<string, { readonly length: number }>>): void {
  for (const [name, array] of Object.entries(arrays)) {
    if (array.length !== expected)
      throw new LearnInputError(`${name} has ${array.length} entries, not ${expected}`);
  }
}
