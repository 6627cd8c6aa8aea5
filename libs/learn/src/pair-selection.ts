import type { LearnConfig } from './learn-config.js';
import type { PairInput } from './pair-learner.js';
import { prune } from './pruning/prune.js';
import { knownTargetLeaks } from './selecting/known-target-leaks.js';
import { selectBoosted } from './selecting/select-boosted.js';
import { selectStable } from './selecting/select-stable.js';
import type { SelectionHooks, SelectionResult, SelectionTask } from './selecting/selection-result.js';
import { distinctPairs } from './selection/complementary-pairs.js';
import {
  createSelectionContext,
  releaseSelectionContext,
  type SelectionContext,
} from './selection/selection-context.js';

/** What pruning left and took, once a pair. */
export interface PairPruning {
  readonly kept: readonly number[];
  /** Why, by matrix column. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** Pruning and selection of one pair, with what its horizons share; nothing shared depends on a horizon. */
export class PairSelection {
  readonly #pair: PairInput;
  readonly #config: LearnConfig;
  readonly #developmentRows: number;
  readonly #rows: number;
  #pruning: PairPruning | undefined;
  #context: SelectionContext | undefined;

  /** @param developmentRows leading rows that anything may be fitted on */
  constructor(pair: PairInput, config: LearnConfig, developmentRows: number) {
    this.#pair = pair;
    this.#config = config;
    this.#developmentRows = developmentRows;
    this.#rows = Math.floor(developmentRows * config.protocol.selectionShare);
  }

  /** Horizon-independent pruning; done once and kept. */
  prune(): PairPruning {
    this.#pruning ??= this.#pruneOnce();
    return this.#pruning;
  }

  /**
   * Selects features for one horizon.
   *
   * @throws RangeError when the rows are too few for the method; CancelledError when asked to stop
   */
  select(task: Omit<SelectionTask, 'target'>, hooks: SelectionHooks): SelectionResult {
    const { data, rows } = task;
    const { select } = this.#config;
    const { matrix } = this.#pair;
    const { kept } = this.prune();
    if (kept.length === 0) return nothingToSelect(matrix.columns, select.threshold);
    const target = select.target === 'unknown' ? data.unknown : data.value;
    const leaks = knownTargetLeaks(matrix, kept, rows, data);
    const found =
      select.method === 'stability'
        ? selectStable(this.#sharedContext(hooks), matrix.columns, { ...task, target }, this.#config, hooks)
        : selectBoosted(matrix, kept, { ...task, target }, this.#config, hooks);
    return {
      ...found,
      selected: found.selected.filter((column) => !leaks.has(column)),
      leaks: new Map([...found.leaks, ...leaks].sort(([a], [b]) => a - b)),
    };
  }

  /** Gives back what it holds in the matrix's memory; selecting again builds it anew. */
  release(): void {
    if (this.#context) releaseSelectionContext(this.#context);
    this.#context = undefined;
  }

  #pruneOnce(): PairPruning {
    const { matrix, featureIds, contentHash } = this.#pair;
    const input = { matrix, featureIds, contentHash, developmentRows: this.#developmentRows };
    const { kept, pruned } = prune(input, this.#config.prune);
    return { kept, reasons: new Map(pruned.map(({ column, reason }) => [column, reason])) };
  }

  #sharedContext(hooks: SelectionHooks): SelectionContext {
    const { select, protocol } = this.#config;
    const { matrix, bar, targetWindow } = this.#pair;
    const purgeBars = protocol.purgeBars + targetWindow;
    this.#context ??= createSelectionContext(
      {
        matrix,
        candidates: this.prune().kept,
        rows: this.#rows,
        bar,
        purgeBars,
        pairs: select.pairs,
        blocks: blocksThatPay({ bar, rows: this.#rows, purgeBars, pairs: select.pairs, most: select.blocks }),
      },
      { isCancelled: hooks.isCancelled },
    );
    return this.#context;
  }
}

function nothingToSelect(columns: number, threshold: number): SelectionResult {
  return {
    selected: [],
    frequency: new Float64Array(columns).fill(Number.NaN),
    leaks: new Map(),
    expectedFalseSelections: 0,
    facts: { method: 'none', threshold, tested: 0 },
    whySelected: () => '',
    notSelected: () => '',
  };
}

interface BlocksInput {
  readonly bar: Int32Array;
  readonly rows: number;
  readonly purgeBars: number;
  readonly pairs: number;
  readonly most: number;
}

/** A block should be at least this many purges long, or most of its rows are purged away. */
const PURGES_A_BLOCK = 3;

/** Most blocks, an even number, that are long enough against the purge; never fewer than the pairs need. */
function blocksThatPay({ bar, rows, purgeBars, pairs, most }: BlocksInput): number {
  const bars = bar[rows - 1]! - bar[0]!;
  let blocks = most - (most % 2);
  while (bars / blocks < PURGES_A_BLOCK * purgeBars && distinctPairs(blocks - 2) >= pairs) blocks -= 2;
  return blocks;
}
