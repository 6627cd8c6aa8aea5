import type { HorizonData } from './horizon-data.js';
import type { JsonObject } from './json.js';
import type { LearnConfig } from './learn-config.js';
import { BOOSTED_SELECTION, boostedSelection } from './models/boosted-selection.js';
import type { PairInput } from './pair-learner.js';

/** What pruning left and took, once a pair. */
export interface PairPruning {
  readonly kept: readonly number[];
  /** Why, by matrix column. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** What selection found for one horizon. */
export interface SelectionResult {
  /** Retained matrix columns, ascending. */
  readonly selected: readonly number[];
  /** Share of fits that chose the column, by matrix column; NaN for columns that were no candidates. */
  readonly frequency: Float64Array;
  /** Columns refused because they know the future, with the evidence. */
  readonly leaks: ReadonlyMap<number, string>;
  /** Nominal bound; NaN when the method has none. */
  readonly expectedFalseSelections: number;
  /** For the result document. */
  readonly facts: JsonObject;
  whySelected(column: number): string;
  notSelected(column: number): string;
}

export interface SelectionTask {
  readonly data: HorizonData;
  /** Rows selection may use. */
  readonly rows: Uint32Array;
  readonly seed: bigint;
}

export interface SelectionHooks {
  isCancelled(): boolean;
  onProgress(fraction: number): void;
}

/** Pruning and selection of one pair, with what its horizons share. */
export class PairSelection {
  #pruning: PairPruning | undefined;

  constructor(
    readonly pair: PairInput,
    readonly config: LearnConfig,
    readonly developmentRows: number,
  ) {}

  /** Horizon-independent pruning; done once and kept. */
  prune(): PairPruning {
    this.#pruning ??= pruneColumns(this.pair);
    return this.#pruning;
  }

  /** Selects features for one horizon on `task.rows`. */
  select(task: SelectionTask, hooks: SelectionHooks): SelectionResult {
    const { kept } = this.prune();
    const { data, rows, seed } = task;
    const { select } = this.config;
    const target = select.target === 'unknown' ? data.unknown : data.value;
    const shares = boostedSelection({
      matrix: this.pair.matrix,
      candidates: kept,
      rows,
      target,
      bar: data.bar,
      geometry: data.geometry,
      seed,
      ...hooks,
    });
    const frequency = new Float64Array(this.pair.matrix.columns).fill(Number.NaN);
    kept.forEach((column, k) => {
      frequency[column] = shares[k]!;
    });
    const selected = strongest(kept, frequency, select.threshold, select.maxFeatures);
    const percent = (column: number) => `${(100 * frequency[column]!).toFixed(0)} %`;
    return {
      selected,
      frequency,
      leaks: new Map(),
      expectedFalseSelections: Number.NaN,
      facts: {
        method: 'boosted',
        fits: BOOSTED_SELECTION.folds * BOOSTED_SELECTION.seeds,
        threshold: select.threshold,
        bound: null,
      },
      whySelected: (column) => `gain in ${percent(column)} of the fits`,
      notSelected: (column) => `gain in ${percent(column)} of the fits only`,
    };
  }
}

function strongest(
  candidates: readonly number[],
  frequency: Float64Array,
  threshold: number,
  most: number,
): number[] {
  return candidates
    .filter((column) => frequency[column]! >= threshold - 1e-9)
    .sort((a, b) => frequency[b]! - frequency[a]! || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

function pruneColumns({ matrix, featureIds, contentHash }: PairInput): PairPruning {
  const reasons = new Map<number, string>();
  const first = new Map<string, number>();
  const kept: number[] = [];
  for (let column = 0; column < matrix.columns; column++) {
    const twin = first.get(contentHash[column]!);
    if (matrix.valueBins(column) < 2) reasons.set(column, 'constant on the development rows');
    else if (twin !== undefined) reasons.set(column, `same values as ${featureIds[twin]}`);
    else {
      first.set(contentHash[column]!, column);
      kept.push(column);
    }
  }
  return { kept, reasons };
}
