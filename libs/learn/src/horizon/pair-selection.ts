import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import type { LeakReason } from '../leaks/leak-reasons.js';
import { type PairLeaks, pairLeaks } from '../leaks/pair-leaks.js';
import { refusingSuspects, withTableSuspects } from '../leaks/table-suspects.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import { type PruneReason, prune } from '../pruning/prune.js';
import { keepInteractions } from '../selection/keep-interactions.js';
import { selectBoosted } from '../selection/select-boosted.js';
import { selectStable } from '../selection/select-stable.js';
import type { SelectionResult, SelectionTask } from '../selection/selection-result.js';
import { canSelectFrom } from '../sizing/require-learnable.js';
import { blockDesign } from '../stability/block-design.js';
import { createStabilityContext, releaseStabilityContext } from '../stability/create-stability-context.js';
import type { StabilityContext } from '../stability/stability-context.js';
import { type TimeBlocksInput, timeBlocks } from '../stability/time-blocks.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';

/** Share of the first horizon's selection that goes into what all horizons share; for progress only. */
const SHARED_PART = 0.7;

/** Share of a selection that goes into single features when interactions follow; for progress only. */
const SINGLE_PART = 0.8;

/** What pruning left and took, once a pair. */
export interface PairPruning {
  readonly kept: readonly number[];
  /** Why, by matrix column. */
  readonly reasons: ReadonlyMap<number, PruneReason>;
}

/** What the prune stage finds; the same for all horizons. */
export interface Pruned {
  readonly pruning: PairPruning;
}

/** What the select stage finds. */
export interface Selected {
  /** The same for all horizons. */
  readonly leaks: PairLeaks;
  readonly selection: SelectionResult;
}

/** Pruning and selection of one pair, with what its horizons share; nothing shared depends on a horizon. */
export class PairSelection {
  readonly #pair: PairInput;
  readonly #config: LearnConfig;
  readonly #developmentRows: number;
  readonly #rows: number;
  #pruning: PairPruning | undefined;
  #leaks: PairLeaks | undefined;
  #context: StabilityContext | undefined;
  /** What else is refused, by horizon. */
  readonly #refused = new Map<number, ReadonlyMap<number, LeakReason>>();

  /** @param developmentRows leading rows that anything may be fitted on */
  constructor(pair: PairInput, config: LearnConfig, developmentRows: number) {
    this.#pair = pair;
    this.#config = config;
    this.#developmentRows = developmentRows;
    this.#rows = Math.floor(developmentRows * config.protocol.selectionShare);
  }

  /** Horizon-independent pruning; done once and kept. */
  prune(pool: WorkPool = callingThread, hooks: ProgressHooks = {}): Pruned {
    return { pruning: this.#prunedOnce(pool, hooks) };
  }

  /** What the pair's targets say of the features that pruning left; found once and kept. */
  leaks(pool: WorkPool = callingThread, hooks: ProgressHooks = {}): PairLeaks {
    const { matrix, bar, time, targetWindow, targets } = this.#pair;
    const { kept: candidates } = this.#prunedOnce(pool);
    const { honestShare, suspicious } = this.#config.leaks;
    const rows = this.#developmentRows;
    const input = { matrix, candidates, bar, time, rows, targetWindow, targets, honestShare };
    const { featureIds } = this.#pair;
    const found = () => withTableSuspects(pairLeaks(input, pool, hooks), featureIds, candidates);
    this.#leaks ??= suspicious === 'refuse' ? refusingSuspects(found()) : found();
    return this.#leaks;
  }

  /**
   * Selects features for one horizon.
   *
   * @throws LearnInputError when the rows are too few for the method; CancelledError when asked to stop
   */
  select(task: Omit<SelectionTask, 'target' | 'leaks'>, hooks: ProgressHooks): Selected {
    const leaks = this.#leaksOf(task, partOf(hooks, 0, 0));
    return { leaks, selection: this.#selectFrom(task, leaks, hooks) };
  }

  #selectFrom(
    task: Omit<SelectionTask, 'target' | 'leaks'>,
    { refused: leaks }: PairLeaks,
    hooks: ProgressHooks,
  ): SelectionResult {
    const { data } = task;
    const { select, interactions } = this.#config;
    const { matrix } = this.#pair;
    const { kept } = this.#prunedOnce(task.pool);
    const honest = kept.filter((column) => !leaks.has(column));
    if (honest.length === 0 || (select.method === 'stability' && !canSelectFrom(honest.length, { select }))) {
      return nothingToSelect(matrix.columns, select.threshold, honest.length);
    }
    const target = select.target === 'unknown' ? data.unknown : data.value;
    const full = { ...task, target, leaks };
    const withInteractions = interactions.features > 0;
    const single = partOf(hooks, 0, withInteractions ? SINGLE_PART : 1);
    const found =
      select.method === 'stability'
        ? this.#selectStable(full, single)
        : selectBoosted(matrix, honest, full, this.#config, single);
    if (!withInteractions) return found;
    const design = this.#blockDesign();
    const blocks = timeBlocks(design);
    const setting = { matrix, blocks, dependenceBars: design.purgeBars, task: full, config: this.#config };
    return keepInteractions(found, setting, partOf(hooks, SINGLE_PART, 1));
  }

  /** Refuses columns in later selections for a horizon, beside those that are leaks. */
  refuse(horizon: number, reasons: ReadonlyMap<number, LeakReason>): void {
    this.#refused.set(horizon, new Map([...(this.#refused.get(horizon) ?? []), ...reasons]));
  }

  #leaksOf({ data, pool }: Pick<SelectionTask, 'data' | 'pool'>, hooks: ProgressHooks): PairLeaks {
    const leaks = this.leaks(pool, hooks);
    const also = this.#refused.get(data.geometry.horizon) ?? [];
    return { ...leaks, refused: new Map([...leaks.refused, ...also]) };
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

  #prunedOnce(pool: WorkPool = callingThread, hooks: ProgressHooks = {}): PairPruning {
    this.#pruning ??= this.#pruneAll(pool, hooks);
    return this.#pruning;
  }

  #pruneAll(pool: WorkPool, hooks: ProgressHooks): PairPruning {
    const { matrix, featureIds, contentHash } = this.#pair;
    const input = { matrix, featureIds, contentHash, developmentRows: this.#developmentRows, pool };
    const { kept, pruned } = prune(input, this.#config.prune, hooks);
    return { kept, reasons: new Map(pruned.map(({ column, reason }) => [column, reason])) };
  }

  #sharedContext(pool: WorkPool, hooks: ProgressHooks): StabilityContext {
    const { matrix } = this.#pair;
    const { pairs } = this.#config.select;
    const input = { matrix, candidates: this.#prunedOnce(pool).kept, pairs, pool, ...this.#blockDesign() };
    this.#context ??= createStabilityContext(input, hooks);
    return this.#context;
  }

  /** The blocks of time that subsamples are made of. */
  #blockDesign(): TimeBlocksInput {
    const { bar, targetWindow } = this.#pair;
    return blockDesign({ bar, rows: this.#rows, targetWindow, config: this.#config });
  }
}

function nothingToSelect(columns: number, threshold: number, tested: number): SelectionResult {
  return {
    selected: [],
    frequency: new Float64Array(columns).fill(Number.NaN),
    order: [],
    interactions: null,
    expectedFalseSelections: 0,
    facts: { method: 'none', threshold, tested },
    whySelected: () => {
      throw new Error('nothing was selected');
    },
    notSelected: () => ({ code: 'too_few_candidates', facts: { candidates: tested } }),
  };
}
