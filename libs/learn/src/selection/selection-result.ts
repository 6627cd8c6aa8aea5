import type { HorizonData } from '../data/horizon-data.js';
import type { JsonObject } from '../document/json.js';
import type { InteractionOutcome } from '../interactions/interaction-selection.js';
import type { WorkPool } from '../threads/work-pool.js';

/** What selection found for one horizon. */
export interface SelectionResult {
  /** Retained matrix columns, ascending. */
  readonly selected: readonly number[];
  /** All candidates, most promising first, as matrix columns. */
  readonly order: readonly number[];
  /** Share of fits that chose the column, by matrix column; NaN for columns that were no candidates. */
  readonly frequency: Float64Array;
  /** Columns refused because they know the future, with the evidence. */
  readonly leaks: ReadonlyMap<number, string>;
  /** Nominal bound; NaN when the method has none. */
  readonly expectedFalseSelections: number;
  /** Null when interactions are not asked for. */
  readonly interactions: InteractionOutcome | null;
  /** For the result document. */
  readonly facts: JsonObject;
  whySelected(column: number): string;
  notSelected(column: number): string;
}

export interface SelectionTask {
  readonly data: HorizonData;
  /** Rows selection may use. */
  readonly rows: Uint32Array;
  /** By row number: what features are to predict. */
  readonly target: Float64Array;
  /** Columns that know the future, with the evidence: not to be selected from. */
  readonly leaks: ReadonlyMap<number, string>;
  readonly seed: bigint;
  readonly pool: WorkPool;
}
