import type { LearnConfig } from './learn-config.js';
import type { PairInput } from './pair-learner.js';
import { type ProgressHooks, partOf } from './progress-hooks.js';
import { prune } from './pruning/prune.js';
import { knownTargetLeaks } from './selection/known-target-leaks.js';
import { selectBoosted } from './selection/select-boosted.js';
import { selectStable } from './selection/select-stable.js';
import type { SelectionResult, SelectionTask } from './selection/selection-result.js';
import { distinctPairs } from './stability/complementary-pairs.js';
import {
  createStabilityContext,
  releaseStabilityContext,
  type StabilityContext,
} from './stability/stability-context.js';
import type { WorkPool } from './threads/work-pool.js';

/** Share of the first horizon's selection that goes into what all horizons share; for progress only. */
const SHARED_PART = 0.7;

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
  #context: StabilityContext | undefined;

  /** @param developmentRows leading rows that anything may be fitted on */
  constructor(pair: PairInput, config: LearnConfig, developmentRows: number) {
    this.#pair = pair;
    this.#config = config;
    this.#developmentRows = developmentRows;
    this.#rows = Math.floor(developmentRows * config.protocol.selectionShare);
  }

  /** Horizon-independent pruning; done once and kept. */
  prune(hooks: ProgressHooks = {}): PairPruning {
    this.#pruning ??= this.#pruneOnce(hooks);
    return this.#pruning;
  }

  /**
   * Selects features for one horizon.
   *
   * @throws RangeError when the rows are too few for the method; CancelledError when asked to stop
   */
  select(task: Omit<SelectionTask, 'target'>, hooks: ProgressHooks): SelectionResult {
    const { data, rows } = task;
    const { select } = this.#config;
    const { matrix } = this.#pair;
    const { kept } = this.prune();
    if (kept.length === 0) return nothingToSelect(matrix.columns, select.threshold);
    const target = select.target === 'unknown' ? data.unknown : data.value;
    const leaks = knownTargetLeaks(matrix, kept, rows, data);
    const found =
      select.method === 'stability'
        ? this.#selectStable({ ...task, target }, hooks)
        : selectBoosted(matrix, kept, { ...task, target }, this.#config, hooks);
    return {
      ...found,
      selected: found.selected.filter((column) => !leaks.has(column)),
      leaks: new Map([...found.leaks, ...leaks].sort(([a], [b]) => a - b)),
    };
  }

  /** Gives back what it holds in the matrix's memory; selecting again builds it anew. */
  release(): void {
    if (this.#context) releaseStabilityContext(this.#context);
    this.#context = undefined;
  }

  #selectStable(task: SelectionTask, hooks: ProgressHooks): SelectionResult {
    const shared = this.#context ? 0 : SHARED_PART;
    const context = this.#sharedContext(task.pool, partOf(hooks, 0, shared));
    return selectStable(context, this.#pair.matrix.columns, task, this.#config, partOf(hooks, shared, 1));
  }

  #pruneOnce(hooks: ProgressHooks): PairPruning {
    const { matrix, featureIds, contentHash } = this.#pair;
    const input = { matrix, featureIds, contentHash, developmentRows: this.#developmentRows };
    const { kept, pruned } = prune(input, this.#config.prune, hooks);
    return { kept, reasons: new Map(pruned.map(({ column, reason }) => [column, reason])) };
  }

  #sharedContext(pool: WorkPool, hooks: ProgressHooks): StabilityContext {
    const { select, protocol } = this.#config;
    const { matrix, bar, targetWindow } = this.#pair;
    const purgeBars = protocol.purgeBars + targetWindow;
    this.#context ??= createStabilityContext(
      {
        matrix,
        candidates: this.prune().kept,
        rows: this.#rows,
        bar,
        purgeBars,
        pairs: select.pairs,
        pool,
        blocks: blocksThatPay({ bar, rows: this.#rows, purgeBars, pairs: select.pairs, most: select.blocks }),
      },
      hooks,
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
