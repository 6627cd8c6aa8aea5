import type { ArenaScope } from '../kernels/arena-scope.js';
import type { PairMembership } from './complementary-pairs.js';
import type { FitInput, MethodFit } from './stability-method.js';
import { STABILITY_METHODS, type StabilityMethod } from './stability-methods.js';
import { SubsampleReader } from './subsample-statistics.js';
import type { TargetBins } from './target-bins.js';

export interface StabilityInput extends FitInput {
  readonly methods: readonly StabilityMethod[];
  readonly target: TargetBins;
  /** Most columns a fit selects. */
  readonly q: number;
}

/** Fits every method in subsamples, with scratch that serves one after another; of one thread. */
export class SubsampleFits {
  readonly #input: StabilityInput;
  readonly #reader: SubsampleReader;
  readonly #fits: readonly MethodFit[];
  /** Called now and then in long fits; may throw to stop. */
  onStep = (): void => undefined;

  /** @param limit most variables that a fit orders by entry */
  constructor(input: StabilityInput, limit: number, scope: ArenaScope) {
    this.#input = input;
    this.#reader = new SubsampleReader(input.context, scope);
    this.#fits = input.methods.map((name) =>
      STABILITY_METHODS[name].open(input, limit, scope, () => this.onStep()),
    );
  }

  /**
   * What each method selects in the subsample and in its complement.
   *
   * @returns by side and method, Gram positions, best first, at most q
   */
  select(membership: PairMembership): Int32Array[][] {
    const { q, target } = this.#input;
    return this.#reader.read(target, membership).map((side) => this.#fits.map((fit) => fit.select(side, q)));
  }

  /** Each method's score of every column on all blocks, by Gram position; more is better. */
  scores(): Float64Array[] {
    const { target, context } = this.#input;
    const [all] = this.#reader.read(target, new Uint8Array(context.blocks.length).fill(1));
    return this.#fits.map((fit) => fit.score(all));
  }
}
