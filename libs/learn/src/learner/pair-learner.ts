import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { PairTarget } from '../data/pair-target.js';
import { type HorizonInput, type HorizonOutcome, learnHorizon } from '../horizon/learn-horizon.js';
import { PairSelection } from '../horizon/pair-selection.js';
import type { LearnHooks } from '../progress/learn-hooks.js';
import { developmentRows } from '../splits/development-rows.js';
import { createWorkPool } from '../threads/thread-pool.js';
import type { WorkPool } from '../threads/work-pool.js';

export type { PairTarget } from '../data/pair-target.js';
export type { FeatureFate } from '../document/feature-fate.js';
export type { ExplainedRows } from '../explain/explained-rows.js';
export type { ExportedModels } from '../export/export-models.js';
export type { HorizonInput, HorizonOutcome, HorizonSummary } from '../horizon/learn-horizon.js';
export type { LearnHooks, Stage } from '../progress/learn-hooks.js';

/** One pair's data; all rows are in time order. */
export interface PairInput {
  readonly matrix: BinnedMatrix;
  /** One per matrix column, as are the next two. */
  readonly featureIds: readonly string[];
  readonly nullShare: Float64Array;
  readonly contentHash: readonly string[];
  /** Epoch milliseconds of each row. */
  readonly time: Float64Array;
  /** Ordinal of the bar of each row in the full series, strictly increasing. */
  readonly bar: Int32Array;
  readonly targetWindow: number;
  /** The target's value at the row itself, bqx_W[t]; NaN = missing. */
  readonly persistence: Float64Array;
  /** All targets that the data has, learned or not: a feature that gives away one is refused for all. */
  readonly targets: readonly PairTarget[];
}

/**
 * Learns the horizons of one pair: prune (once a pair) -> select -> model -> explain. Holds what horizons
 * share; a horizon's outcome never depends on which horizons were learned before.
 */
export class PairLearner {
  readonly #input: PairInput;
  readonly #config: LearnConfig;
  readonly #selection: PairSelection;
  readonly #pool: WorkPool;

  /**
   * @param threads threads to compute on, the calling one among them; results do not depend on it
   * @throws RangeError when arrays differ in length, or too few rows are left for development
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
    this.#input = input;
    this.#config = config;
    this.#pool = createWorkPool(threads);
    this.#selection = new PairSelection(input, config, developmentRows(input.bar, config));
  }

  /**
   * Learns one horizon.
   *
   * @throws RangeError when the horizon has too few rows to be learned honestly, or is none of the pair's targets
   * @throws CancelledError when `hooks.isCancelled` says so
   */
  learnHorizon(input: HorizonInput, hooks: LearnHooks = {}): HorizonOutcome {
    return learnHorizon(
      { pair: this.#input, config: this.#config, selection: this.#selection, pool: this.#pool },
      input,
      hooks,
    );
  }

  /**
   * Gives back what horizons share in the matrix's memory, and ends the threads. The learner stays usable and
   * builds both anew.
   */
  release(): void {
    this.#selection.release();
    this.#pool.close();
  }
}

function checkLengths(expected: number, arrays: Readonly<Record<string, { readonly length: number }>>): void {
  for (const [name, array] of Object.entries(arrays)) {
    if (array.length !== expected)
      throw new RangeError(`${name} has ${array.length} entries, not ${expected}`);
  }
}
