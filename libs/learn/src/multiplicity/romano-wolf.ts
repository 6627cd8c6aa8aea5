import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';

/** What is known of a mean: its value, and its influence in every block of calendar time. */
export interface BlockedMean {
  readonly value: number;
  /** Sums over the block's rows of what each row adds to the mean, less the mean: `value` itself is zero in sum. */
  readonly influence: Float64Array;
}

/** Holds when all of its means lie above zero; null when there was nothing to test. */
export type JointHypothesis = readonly BlockedMean[] | null;

export interface RomanoWolfInput {
  /** Blocks of calendar time that all hypotheses share. */
  readonly blocks: number;
  readonly hypotheses: readonly JointHypothesis[];
  readonly replicates: number;
  readonly seed: bigint;
}

/**
 * Step-down family-wise adjusted p-values (Romano & Wolf 2005, algorithm 4.1; p-values as in their 2016 note): blocks of
 * calendar time are drawn with replacement, the same ones for all hypotheses, so what pairs and horizons share is kept.
 * Every statistic is studentised within its own resampling.
 *
 * A hypothesis' statistic is the least of its means' t. Which of the means is not above zero is not known, so the largest of
 * their resampled t stands for it: that bounds either case.
 *
 * @returns one a hypothesis, in order; 1 where there was nothing to test
 * @throws LearnInputError with fewer than two blocks, or influences of another number of blocks
 */
export function romanoWolf({ blocks, hypotheses, replicates, seed }: RomanoWolfInput): number[] {
  if (blocks < 2) throw new LearnInputError(`${blocks} blocks of calendar time cannot be drawn from`);
  const tested = hypotheses.flatMap((means, at) => {
    if (means === null) return [];
    if (means.some(({ influence }) => influence.length !== blocks)) {
      throw new LearnInputError(`an influence is not of ${blocks} blocks`);
    }
    return [{ at, statistic: Math.min(...means.map((mean) => studentised(mean, blocks))), means }];
  });
  tested.sort((a, b) => b.statistic - a.statistic || a.at - b.at);
  const beyond = new Uint32Array(tested.length);
  const random = seededRandom(seed);
  const times = new Float64Array(blocks);
  for (let replicate = 0; replicate < replicates; replicate++) {
    times.fill(0);
    for (let drawn = 0; drawn < blocks; drawn++) times[random.below(blocks)]!++;
    // The largest among a hypothesis and those after it, from the last on.
    let most = Number.NEGATIVE_INFINITY;
    for (let k = tested.length - 1; k >= 0; k--) {
      for (const { influence } of tested[k]!.means) most = Math.max(most, resampled(influence, times));
      if (most >= tested[k]!.statistic) beyond[k]!++;
    }
  }
  const adjusted = new Array<number>(hypotheses.length).fill(1);
  let least = 0;
  tested.forEach(({ at }, k) => {
    least = Math.max(least, (1 + beyond[k]!) / (1 + replicates));
    adjusted[at] = least;
  });
  return adjusted;
}

/** Value over its standard error; minus infinity where nothing varies. */
function studentised({ value, influence }: BlockedMean, blocks: number): number {
  const squares = influence.reduce((sum, own) => sum + own * own, 0);
  return squares > 0 ? value / Math.sqrt((squares * blocks) / (blocks - 1)) : Number.NEGATIVE_INFINITY;
}

/** The t of the mean among blocks that count so many times each, where its true value is zero. */
function resampled(influence: Float64Array, times: Float64Array): number {
  const blocks = times.length;
  let sum = 0;
  let squares = 0;
  for (let block = 0; block < blocks; block++) {
    const part = times[block]! * influence[block]!;
    sum += part;
    squares += part * influence[block]!;
  }
  const spread = squares - (sum * sum) / blocks;
  return spread > 0 ? sum / Math.sqrt((spread * blocks) / (blocks - 1)) : 0;
}
