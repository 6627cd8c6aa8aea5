import type { HorizonData } from '../data/horizon-data.js';
import { subseed } from '../numeric/seeded-random.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import type { SelectionResult } from '../selection/selection-result.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import type { WorkPool } from '../threads/work-pool.js';
import type { PairSelection, Selected } from './pair-selection.js';

/** What the select stage finds. */
export interface NestedSelection extends Selected {
  /** Rows that the features of the final models were selected on. */
  readonly selectionRows: Uint32Array;
  /** The features of each fold's models; null where those are the features of the final ones. */
  readonly foldSelections: readonly SelectionResult[] | null;
}

export interface SelectStageInput {
  readonly selection: PairSelection;
  readonly data: HorizonData;
  readonly segments: ProtocolSegments;
  readonly nested: boolean;
  readonly seed: bigint;
  readonly pool: WorkPool;
}

/** Part of the seed of selections within folds. */
const FOLD_STREAM = 16;

/**
 * Selects the features of the final models on all development rows and those of every fold's models on the rows before what
 * the fold tests, so that out-of-fold predictions owe nothing to the rows they are made for. Not nested: once, on the rows
 * before all folds.
 *
 * Where the final models have no feature there is nothing to stack, and folds are not selected for.
 *
 * @throws LearnInputError when rows are too few; CancelledError
 */
export function selectStage(
  { selection, data, segments, nested, seed, pool }: SelectStageInput,
  hooks: ProgressHooks,
): NestedSelection {
  const { development, foldSelection } = segments;
  const rows = nested ? development : segments.selection;
  const total = foldSelection.reduce((sum, some) => sum + some.length, rows.length);
  const share = nested ? rows.length / total : 1;
  const task = { data, pool };
  const final = selection.select({ ...task, rows, seed, shadows: 1 }, partOf(hooks, 0, share));
  const selectionRows = rows;
  if (!nested || final.selection.selected.length === 0) {
    return { ...final, selectionRows, foldSelections: null };
  }
  // Combinatorial folds have the same rows before all of them.
  const byRows = new Map<Uint32Array, SelectionResult>();
  let done = rows.length;
  const foldSelections = foldSelection.map((before, fold) => {
    const part = partOf(hooks, done / total, (done + before.length) / total);
    done += before.length;
    const fresh = () =>
      selection.select({ ...task, rows: before, seed: subseed(seed, FOLD_STREAM, fold), shadows: 0 }, part)
        .selection;
    const found = byRows.get(before) ?? fresh();
    byRows.set(before, found);
    return found;
  });
  return { ...final, selectionRows, foldSelections };
}
