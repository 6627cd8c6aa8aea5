import { Arena } from '../kernels/arena.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { DEFAULT_PATH, type ElasticNetKernel, type PathOptions } from './entry-path.js';
import type { StabilityContext } from './stability-context.js';

/** One subsample's target against all columns. */
export interface SubsampleTarget {
  /** Blocks of the subsample. */
  readonly blocks: readonly number[];
  /** Standardised inner product of every column with the target, before centring in the subsample. */
  readonly innerProduct: Float64Array;
  /** Sum of each column's standardised values over the rows with a target. */
  readonly total: Float64Array;
  readonly rows: number;
  readonly sum: number;
  readonly square: number;
}

export interface Entry {
  /** Gram positions in order of entry. */
  readonly order: Int32Array;
  /** Coefficients at the last penalty, by order of entry. */
  readonly coefficients: Float32Array;
  /** By Gram position: correlation with what the entered ones leave, at the last penalty. */
  readonly gradient: Float32Array;
}

/** Scratch in which one thread follows elastic-net paths on sums of Gram blocks. */
export class EntryRoom {
  readonly #context: StabilityContext;
  readonly #kernel: ElasticNetKernel;
  readonly #arena: Arena;
  readonly #limit: number;
  readonly #path: PathOptions;
  readonly #at: Record<'blocks' | 'mean' | 'inverse' | 'correlation' | 'usable' | 'gradient', number>;
  readonly #active: Record<'columns' | 'inner' | 'work' | 'order' | 'penalties', number>;

  /** @param limit most variables that enter (q) */
  constructor(context: StabilityContext, limit: number, scope: ArenaScope, path: PathOptions = DEFAULT_PATH) {
    const { pitch } = context;
    this.#context = context;
    this.#limit = limit;
    this.#path = path;
    this.#arena = new Arena(context.matrix.memory);
    this.#kernel = loadKernel<ElasticNetKernel>('elastic-net', context.matrix.memory);
    this.#at = {
      blocks: scope.allocate(context.blocks.length * 8, 'addresses of blocks'),
      mean: scope.allocate(pitch * 4, 'means in a subsample'),
      inverse: scope.allocate(pitch * 4, 'inverse deviations in a subsample'),
      correlation: scope.allocate(pitch * 4, 'correlations with the target'),
      usable: scope.allocate(pitch, 'usable columns'),
      gradient: scope.allocate(pitch * 4, 'gradient'),
    };
    this.#active = {
      columns: scope.allocate(limit * pitch * 4, 'Gram columns of entered variables'),
      inner: scope.allocate(limit * limit * 4, 'Gram matrix of entered variables'),
      work: scope.allocate(3 * limit * 4, 'coefficients'),
      order: scope.allocate(limit * 4, 'order of entry'),
      penalties: scope.allocate(limit * 4, 'penalties of entry'),
    };
  }

  /**
   * The first variables to enter the elastic-net path of the target in a subsample.
   *
   * @param weight by Gram position: columns are scaled by it, which divides their penalty; 0 keeps one out
   */
  enter(target: SubsampleTarget, weight: Float64Array): Entry {
    const inverseRows = this.#standardise(target, weight);
    const { blocks, mean, inverse, correlation, usable: allowed, gradient } = this.#at;
    const { columns, inner, work, order, penalties } = this.#active;
    const { alpha, ratio, steps } = this.#path;
    const entered = this.#kernel.entryPath(
      blocks,
      target.blocks.length,
      this.#context.pitch,
      inverseRows,
      mean,
      inverse,
      correlation,
      allowed,
      gradient,
      columns,
      inner,
      work,
      order,
      penalties,
      this.#limit,
      alpha,
      ratio,
      steps,
    );
    return {
      order: Int32Array.from(this.#arena.i32(order, entered)),
      coefficients: Float32Array.from(this.#arena.f32(work, entered)),
      gradient: Float32Array.from(this.#arena.f32(gradient, this.#context.columns.length)),
    };
  }

  /** One column of a subsample's correlation matrix, in Gram order; NaN-free, 0 for constant columns. */
  correlationColumn(target: SubsampleTarget, column: number): Float32Array {
    const inverseRows = this.#standardise(target, new Float64Array(this.#context.columns.length).fill(1));
    const { blocks, mean, inverse, gradient } = this.#at;
    const { pitch } = this.#context;
    const count = target.blocks.length;
    this.#kernel.assembleColumn(blocks, count, pitch, column, inverseRows, mean, inverse, gradient);
    return Float32Array.from(this.#arena.f32(gradient, this.#context.columns.length));
  }

  /** Means and deviations of all columns in the subsample, and their correlations with the target. */
  #standardise(target: SubsampleTarget, weight: Float64Array): number {
    const { columns, blocks, pitch, norms, totals, gram } = this.#context;
    const arena = this.#arena;
    const means = arena.f32(this.#at.mean, pitch).fill(0);
    const inverses = arena.f32(this.#at.inverse, pitch).fill(0);
    const correlations = arena.f32(this.#at.correlation, pitch).fill(0);
    const allowed = arena.u8(this.#at.usable, pitch).fill(0);
    const addresses = arena.u32(this.#at.blocks, blocks.length * 2);
    const norm = arena.f32(norms, blocks.length * pitch);
    const total = arena.f64(totals, blocks.length * pitch);
    let rows = 0;
    target.blocks.forEach((block, index) => {
      addresses[2 * index] = gram + block * columns.length * pitch * 2;
      addresses[2 * index + 1] = norms + block * pitch * 4;
      rows += blocks[block]!.end - blocks[block]!.begin;
    });
    const yMean = target.sum / target.rows;
    const yDeviation = Math.sqrt(target.square / target.rows - yMean * yMean);
    for (let j = 0; j < columns.length; j++) {
      let sum = 0;
      let square = 0;
      for (const block of target.blocks) {
        sum += total[block * pitch + j]!;
        square += norm[block * pitch + j]! ** 2;
      }
      const mean = sum / rows;
      const variance = square / rows - mean * mean;
      // Columns that hardly vary in this subsample (a thousandth of their deviation over all) stay out.
      if (!(variance > 1e-6)) continue;
      const inverse = weight[j]! / Math.sqrt(variance);
      means[j] = mean;
      inverses[j] = inverse;
      if (inverse === 0 || !(yDeviation > 0)) continue;
      allowed[j] = 1;
      const covariance = (target.innerProduct[j]! - yMean * target.total[j]!) / target.rows;
      correlations[j] = (covariance * inverse) / yDeviation;
    }
    return 1 / rows;
  }
}
