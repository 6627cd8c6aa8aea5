import type { ArenaScope } from '../kernels/arena-scope.js';
import { binnedFScores, curvatureScores, largest, smoothScores } from './column-scores.js';
import type { PairMembership } from './complementary-pairs.js';
import { type Entry, EntryRoom } from './entry-room.js';
import type { StabilityInput } from './stability-frequencies.js';
import { inflationOf, type StabilityMethod } from './stability-method.js';
import { stumpGains } from './stump-gains.js';
import { STUMP_COLUMNS } from './stump-params.js';
import { SubsampleReader, type SubsampleStatistics } from './subsample-statistics.js';

/** Fits every method in subsamples, with scratch that serves one after another; of one thread. */
export class SubsampleFits {
  readonly #input: StabilityInput;
  readonly #reader: SubsampleReader;
  readonly #room: EntryRoom | undefined;
  readonly #weight: Float64Array;
  /** Called now and then in long fits; may throw to stop. */
  onStep = (): void => undefined;

  /** @param limit most variables of an elastic-net path */
  constructor(input: StabilityInput, limit: number, scope: ArenaScope) {
    const { context, usable, inflation } = input;
    this.#input = input;
    this.#reader = new SubsampleReader(context, scope);
    this.#room = input.methods.includes('elastic-net') ? new EntryRoom(context, limit, scope) : undefined;
    this.#weight = inflation.linear.map((times, j) => usable[j]! / Math.sqrt(times));
  }

  /**
   * What each method selects in the subsample and in its complement.
   *
   * @returns by side and method, Gram positions, best first, at most q
   */
  select(membership: PairMembership): Int32Array[][] {
    const { methods, q, target } = this.#input;
    return this.#reader
      .read(target, membership)
      .map((side) =>
        methods.map((method) =>
          method === 'elastic-net'
            ? this.#enter(side).order.subarray(0, q)
            : largest(this.#score(method, side), q),
        ),
      );
  }

  /** Each method's score of every column on all blocks, by Gram position; more is better. */
  scores(): Float64Array[] {
    const { methods, target, context } = this.#input;
    const [all] = this.#reader.read(target, new Uint8Array(context.blocks.length).fill(1));
    return methods.map((method) =>
      method === 'elastic-net' ? entryScore(this.#enter(all)) : this.#score(method, all),
    );
  }

  #enter({ inner, total, blocks, moments }: SubsampleStatistics): Entry {
    return this.#room!.enter({ innerProduct: inner, total, blocks, ...moments }, this.#weight);
  }

  #score(method: Exclude<StabilityMethod, 'elastic-net'>, statistics: SubsampleStatistics): Float64Array {
    const { context, usable, labels } = this.#input;
    const inflation = inflationOf(method, this.#input.inflation);
    if (method === 'curvature') return curvatureScores({ statistics, usable, inflation });
    if (method === 'binned-f') return binnedFScores({ statistics, usable, inflation });
    const positions = largest(smoothScores({ statistics, usable, inflation }), STUMP_COLUMNS);
    const { blocks } = statistics;
    const onStump = () => this.onStep();
    const gains = stumpGains({ context, labels: labels!, blocks, positions, onStump });
    return gains.map((gain, j) => gain / inflation[j]!);
  }
}

/** The earlier a variable enters the more; those that do not, by the size of their gradient at the path's end. */
function entryScore({ order, gradient }: Entry): Float64Array {
  const score = gradient.map(Math.abs);
  order.forEach((j, place) => {
    score[j] = 1 + order.length - place;
  });
  return Float64Array.from(score);
}
