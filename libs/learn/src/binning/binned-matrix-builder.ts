import { LearnInputError } from '../errors/learn-input-error.js';
import { Arena } from '../kernels/arena.js';
import { loadKernel } from '../kernels/load-kernel.js';
import {
  builderScratchBytes,
  DEFAULT_BINS,
  GROUP_COLUMNS,
  MAX_BINS,
  RADIX_TABLE_BYTES,
} from './binned-bytes.js';
import type { BinnedMatrix } from './binned-matrix.js';
import { allocateMatrix, type BinnedMatrixHandle, matrixFacts } from './matrix-storage.js';
import { openBinnedMatrix } from './shared-binned-matrix.js';

export interface BinningOptions {
  /** Bins a column including the one for missing values, 3 to 256. Default 64. */
  bins?: number;
  /** Bounds are fitted on rows [0, fitRows) only, so that later rows cannot leak into them. */
  fitRows: number;
  /** Bound on the shared memory of the matrix and what is computed in it. Default: what addresses reach. */
  maximumBytes?: number;
}

type SortValues = (values: number, count: number, sorted: number, spare: number, counts: number) => number;
type FitBounds = (
  sorted: number,
  total: number,
  valueBins: number,
  distinct: number,
  counts: number,
  bounds: number,
) => number;
type BinColumn = (values: number, rows: number, bounds: number, half: number, out: number) => void;
type AverageBins = (
  sorted: number,
  total: number,
  bounds: number,
  boundCount: number,
  lowest: number,
  highest: number,
  means: number,
) => void;

interface BinningKernel {
  sortValues: SortValues;
  sortDoubles: SortValues;
  fitBounds: FitBounds;
  fitDoubleBounds: FitBounds;
  binColumn: BinColumn;
  binDoubles: BinColumn;
  averageBins: AverageBins;
  averageDoubleBins: AverageBins;
}

/** The kernel's functions for one width of values. */
interface ColumnKernel {
  readonly sort: SortValues;
  readonly fit: FitBounds;
  readonly bin: BinColumn;
  readonly average: AverageBins;
  readonly largest: number;
  view(address: number, length: number): Float32Array | Float64Array;
}

interface Scratch {
  readonly address: number;
  readonly values: number;
  readonly sorted: number;
  readonly spare: number;
  readonly distinctCounts: number;
  readonly radixCounts: number;
  readonly bounds: number;
}

const FLOAT32_MAX = 3.4028234663852886e38;

/** Turns columns of float32 or float64 into a `BinnedMatrix`, one column at a time and in any order. */
export class BinnedMatrixBuilder {
  readonly #handle: BinnedMatrixHandle;
  readonly #arena: Arena;
  readonly #kernel: BinningKernel;
  readonly #scratch: Scratch;
  readonly #added: Uint8Array;
  readonly #fitRows: number;
  #finished = false;

  /** @throws LearnInputError for sizes out of range, ArenaFullError when they do not fit */
  constructor(rows: number, columns: number, options: BinningOptions) {
    const { fitRows, bins = DEFAULT_BINS } = options;
    if (!Number.isInteger(fitRows) || fitRows < 1 || fitRows > rows) {
      throw new LearnInputError(`fitRows must be a whole number from 1 to ${rows}, got ${fitRows}`);
    }
    this.#fitRows = fitRows;
    this.#handle = allocateMatrix(rows, columns, bins, options.maximumBytes);
    this.#arena = new Arena(this.#handle.memory);
    this.#kernel = loadKernel<BinningKernel>('binning', this.#handle.memory);
    this.#scratch = allocateScratch(this.#arena, rows);
    this.#added = new Uint8Array(columns);
  }

  /**
   * Fits the column's bounds and bins all its rows.
   * @param values one a row, NaN where missing; infinities are ordinary extreme values
   * @throws LearnInputError for a wrong position or length, Error for a column added twice
   */
  addColumn(position: number, values: Float32Array | Float64Array): void {
    const { rows, bins } = this.#handle;
    if (this.#finished) throw new Error('the matrix is finished, no column can be added');
    if (this.#added[position] === undefined) throw new LearnInputError(`there is no column ${position}`);
    if (this.#added[position] === 1) throw new Error(`column ${position} was added before`);
    if (values.length !== rows)
      throw new LearnInputError(`column ${position} has ${values.length} values for ${rows} rows`);
    const scratch = this.#scratch;
    const facts = matrixFacts(this.#handle);
    const kernel = values instanceof Float32Array ? this.#singles() : this.#doubles();
    kernel.view(scratch.values, rows).set(values);
    const { sorted, spare, radixCounts } = scratch;
    const total = kernel.sort(scratch.values, this.#fitRows, sorted, spare, radixCounts);
    const bounds = kernel.view(scratch.bounds, MAX_BINS).fill(Number.POSITIVE_INFINITY);
    const count = kernel.fit(sorted, total, bins - 1, spare, scratch.distinctCounts, scratch.bounds);
    facts.bounds.set(bounds.subarray(0, count), position * bins);
    facts.valueBins[position] = total === 0 ? 0 : count + 1;
    this.#average(kernel, total, count, facts.representatives.byteOffset + 8 * position * bins);
    this.#bin(kernel, facts.slots[position]!, count);
    this.#added[position] = 1;
  }

  /** @throws Error naming the first column that was never added */
  finish(): BinnedMatrix {
    const missing = this.#added.indexOf(0);
    if (missing >= 0) throw new Error(`column ${missing} was not added`);
    if (!this.#finished) this.#arena.free(this.#scratch.address);
    this.#finished = true;
    return openBinnedMatrix(this.#handle);
  }

  #average(kernel: ColumnKernel, total: number, boundCount: number, representatives: number): void {
    const { sorted, bounds } = this.#scratch;
    const values = kernel.view(sorted, total);
    let [first, last] = [0, total - 1];
    while (first < total && values[first] === Number.NEGATIVE_INFINITY) first++;
    while (last >= 0 && values[last] === Number.POSITIVE_INFINITY) last--;
    const [lowest, highest] = [values[first], values[last]];
    kernel.average(
      sorted,
      total,
      bounds,
      boundCount,
      Number.isFinite(lowest) ? lowest! : -kernel.largest,
      Number.isFinite(highest) ? highest! : kernel.largest,
      representatives,
    );
  }

  #bin(kernel: ColumnKernel, slot: number, boundCount: number): void {
    const { rows, block } = this.#handle;
    const group = Math.floor(slot / GROUP_COLUMNS);
    const out = block + group * GROUP_COLUMNS * rows + (slot % GROUP_COLUMNS);
    const half = 2 ** Math.max(0, Math.ceil(Math.log2(boundCount + 1)) - 1);
    kernel.bin(this.#scratch.values, rows, this.#scratch.bounds, half, out);
  }

  #singles(): ColumnKernel {
    const { sortValues: sort, fitBounds: fit, binColumn: bin, averageBins: average } = this.#kernel;
    const view = (address: number, length: number) => this.#arena.f32(address, length);
    return { sort, fit, bin, average, largest: FLOAT32_MAX, view };
  }

  #doubles(): ColumnKernel {
    const {
      sortDoubles: sort,
      fitDoubleBounds: fit,
      binDoubles: bin,
      averageDoubleBins: average,
    } = this.#kernel;
    const view = (address: number, length: number) => this.#arena.f64(address, length);
    return { sort, fit, bin, average, largest: Number.MAX_VALUE, view };
  }
}

function allocateScratch(arena: Arena, rows: number): Scratch {
  const address = arena.allocate(builderScratchBytes(rows), `scratch to bin columns of ${rows} rows`);
  const area = (index: number) => address + index * 8 * rows;
  const bounds = area(3);
  const radixCounts = bounds + 8 * MAX_BINS;
  return {
    address,
    values: area(0),
    sorted: area(1),
    spare: area(2),
    bounds,
    radixCounts,
    distinctCounts: radixCounts + RADIX_TABLE_BYTES,
  };
}
