import type { ArenaScope } from '../kernels/arena-scope.js';
import type { Inflation } from './inflation.js';
import type { StabilityContext } from './stability-context.js';
import type { SubsampleStatistics } from './subsample-statistics.js';

/** The target by row, in the memory that threads share. */
export interface RowLabels {
  /** Address of float64 by matrix row. */
  readonly values: number;
  /** Address of u8 by matrix row: 1 where there is a target. */
  readonly present: number;
}

/** What a method's fits are made from, whatever the subsample. */
export interface FitInput {
  readonly context: StabilityContext;
  /** 1 for columns that may be selected, in Gram order. */
  readonly usable: Uint8Array;
  readonly inflation: Inflation;
  /** The target by row, where some method asks for it. */
  readonly labels?: RowLabels | undefined;
}

/** Fits one subsample after another in scratch of its own; of one thread. */
export interface MethodFit {
  /** Gram positions, best first, at most `most`. */
  select(statistics: SubsampleStatistics, most: number): Int32Array;
  /** By Gram position; more is better. */
  score(statistics: SubsampleStatistics): Float64Array;
}

export interface FitSize {
  /** Of the matrix. */
  readonly rows: number;
  readonly columns: number;
  readonly bins: number;
  /** Rows of a subsample. */
  readonly fitRows: number;
  /** Most variables that a fit orders by entry. */
  readonly limit: number;
}

/** A way to choose columns in a subsample: one entry of the registry in stability-methods.ts. */
export interface Method {
  /** What it selects by, for the settings. */
  readonly doc: string;
  /** Whether it reads the target row by row. */
  readonly needsLabels: boolean;
  /** By Gram position: how much wider dependence in time makes what it looks at. */
  inflation(inflation: Inflation): Float64Array;
  /** Bytes of the scratch of one thread. */
  bytes(size: FitSize): number;
  /**
   * @param limit most variables that a fit orders by entry
   * @param onStep called now and then in long fits; may throw to stop
   */
  open(input: FitInput, limit: number, scope: ArenaScope, onStep: () => void): MethodFit;
}
