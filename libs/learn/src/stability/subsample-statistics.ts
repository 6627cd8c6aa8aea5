import type { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import type { PairMembership } from './complementary-pairs.js';
import { contrastPitch } from './curvature-contrasts.js';
import type { BlockMoments } from './place-target.js';
import type { StabilityContext } from './stability-context.js';
import type { TargetBins, TargetBinsKernel } from './target-bins.js';

/** Numbers of every column that the kernel writes; see assembly/target-bins/subsample-statistics.ts. */
const LANES = 7;
/** Bytes of the kernel's scratch besides the bins. */
const KERNEL_SCRATCH = 320;

/** What a target has to do with every column, by Gram position. */
interface ColumnStatistics {
  /** Sum over bins of (sum of the target)^2 / rows, and bins with rows. */
  readonly binSquares: Float64Array;
  readonly bins: Float64Array;
  /** Inner product of standardised value and target, and sum of standardised values. */
  readonly inner: Float64Array;
  readonly total: Float64Array;
  /** Square of the target that the straight line explains. */
  readonly line: Float64Array;
  /** Square that curved contrasts explain beyond it, and how many of them there are. */
  readonly curved: Float64Array;
  readonly contrasts: Float64Array;
}

/** A subsample, and what its target adds up to. */
export interface SubsampleStatistics extends ColumnStatistics {
  readonly blocks: readonly number[];
  readonly moments: BlockMoments;
}

/** Bytes of scratch that one thread takes. */
export function statisticsBytes(columns: number): number {
  return 2 * LANES * columns * 8;
}

/** Scratch in which one thread takes the statistics of subsamples and their complements. */
export class SubsampleReader {
  readonly #context: StabilityContext;
  readonly #scope: ArenaScope;
  readonly #kernel: TargetBinsKernel;
  readonly #at: Record<'inside' | 'moments' | 'scratch' | 'out', number>;

  constructor(context: StabilityContext, scope: ArenaScope) {
    this.#context = context;
    this.#scope = scope;
    this.#kernel = loadKernel<TargetBinsKernel>('target-bins', context.matrix.memory);
    this.#at = {
      inside: scope.allocate(context.blocks.length, 'blocks of a subsample'),
      moments: scope.allocate(32, 'moments of a subsample'),
      scratch: scope.allocate(8 * contrastPitch(context.matrix.bins) + KERNEL_SCRATCH, 'bins of a subsample'),
      out: scope.allocate(statisticsBytes(context.columns.length), 'statistics of subsamples'),
    };
  }

  /** @returns of the blocks with membership 1 and of those with 0; valid until the next call */
  read(target: TargetBins, membership: PairMembership): [SubsampleStatistics, SubsampleStatistics] {
    const { columns, blocks, matrix, contrasts } = this.#context;
    const { arena } = this.#scope;
    const { inside, moments, scratch, out } = this.#at;
    arena.u8(inside, membership.length).set(membership);
    const [one, two] = [half(target, membership, 1), half(target, membership, 0)];
    arena.f64(moments, 4).set([one.moments.rows, one.moments.sum, two.moments.rows, two.moments.sum]);
    const { sums, counts } = target;
    const sizes = [columns.length, blocks.length, matrix.bins] as const;
    this.#kernel.subsampleStatistics(sums, counts, ...sizes, inside, contrasts, moments, scratch, out);
    return [
      { ...one, ...this.#lanes(0) },
      { ...two, ...this.#lanes(1) },
    ];
  }

  #lanes(side: number): ColumnStatistics {
    const columns = this.#context.columns.length;
    const lane = (index: number) =>
      this.#scope.arena.f64(this.#at.out + (side * LANES + index) * columns * 8, columns);
    return {
      binSquares: lane(0),
      bins: lane(1),
      inner: lane(2),
      total: lane(3),
      line: lane(4),
      curved: lane(5),
      contrasts: lane(6),
    };
  }
}

function half({ moments }: TargetBins, membership: PairMembership, side: number) {
  const blocks = [...membership.keys()].filter((block) => membership[block] === side);
  const all = { rows: 0, sum: 0, square: 0 };
  for (const block of blocks) {
    const { rows, sum, square } = moments[block]!;
    all.rows += rows;
    all.sum += sum;
    all.square += square;
  }
  return { blocks, moments: all };
}
