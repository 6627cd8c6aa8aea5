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
import { selectedRows } from '../selection/selected-rows.js';
import type { SelectionResult, SelectionTask } from '../selection/selection-result.js';
import { canSelectFrom } from '../sizing/require-learnable.js';
import { blockDesign } from '../stability/block-design.js';
import { createStabilityContext, releaseStabilityContext } from '../stability/create-stability-context.js';
import { leadingBlocks } from '../stability/leading-blocks.js';
import type { StabilityContext } from '../stability/stability-context.js';
import { type RowBlock, type TimeBlocksInput, timeBlocks } from '../stability/time-blocks.js';
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

/** The blocks of time that a selection draws subsamples of. */
interface BlockSetting {
  readonly blocks: readonly RowBlock[];
  readonly pairs: number;
  readonly purgeBars: number;
  /** Null where selection needs none. */
  readonly context: StabilityContext | null;
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
    this.#rows = selectedRows(developmentRows, config);
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
    const found = () => withTableSuspects(pairLeaks(input, pool, hooks), this.#pair, candidates);
    this.#leaks ??= suspicious === 'refuse' ? refusingSuspects(found()) : found();
    return this.#leaks;
  }

  /**
   * Selects features for one horizon, on the rows of the task and what of blocks lies before their end.
   *
   * @throws LearnInputError when the rows are too few for the method; CancelledError when asked to stop
   */
  select(task: Omit<SelectionTask, 'target' | 'leaks'>, hooks: ProgressHooks): Selected {
    const leaks = this.#leaksOf(task, partOf(hooks, 0, 0));
    const { select } = this.#config;
    const target = select.target === 'unknown' ? task.data.unknown : task.data.value;
    return { leaks, selection: this.#selectFrom({ ...task, target, leaks: leaks.refused }, hooks) };
  }

  #selectFrom(task: SelectionTask, hooks: ProgressHooks): SelectionResult {
    const { select, interactions } = this.#config;
    const { matrix } = this.#pair;
    const { kept } = this.#prunedOnce(task.pool);
    const honest = kept.filter((column) => !task.leaks.has(column));
    const isStable = select.method === 'stability';
    if (honest.length === 0 || (isStable && !canSelectFrom(honest.length, { select }))) {
      return nothingToSelect(matrix.columns, select.threshold, honest.length);
    }
    const withInteractions = interactions.features > 0;
    if (!isStable && !withInteractions) return selectBoosted(matrix, honest, task, this.#config, hooks);
    const single = partOf(hooks, 0, withInteractions ? SINGLE_PART : 1);
    return this.#inBlocks(task, single, ({ context, blocks, pairs, purgeBars }, part) => {
      // Few blocks make few pairs, and those bound less.
      if (isStable && !canSelectFrom(honest.length, { select: { ...select, pairs } })) {
        return nothingToSelect(matrix.columns, select.threshold, honest.length);
      }
      const found = context
        ? selectStable(context, matrix.columns, task, this.#config, part)
        : selectBoosted(matrix, honest, task, this.#config, part);
      if (!withInteractions) return found;
      const setting = { matrix, blocks, pairs, dependenceBars: purgeBars, task, config: this.#config };
      return keepInteractions(found, setting, partOf(hooks, SINGLE_PART, 1));
    });
  }

  /** Runs a selection in the blocks of time that lie before the end of its rows: the shared ones, or its own where those are too few. */
  #inBlocks<T>(
    { rows, pool }: Pick<SelectionTask, 'rows' | 'pool'>,
    hooks: ProgressHooks,
    run: (setting: BlockSetting, hooks: ProgressHooks) => T,
  ): T {
    const { select } = this.#config;
    const end = rows.at(-1)! + 1;
    if (select.method !== 'stability') {
      const design = this.#blockDesign(Math.min(end, this.#rows));
      return run({ ...design, blocks: timeBlocks(design), pairs: select.pairs, context: null }, hooks);
    }
    const shared = this.#context ? 0 : SHARED_PART;
    const all = this.#sharedContext(pool, partOf(hooks, 0, shared));
    const part = partOf(hooks, shared, 1);
    const leading = this.#isAll(end) ? all : leadingBlocks(all, end, select.threshold);
    if (leading) return run({ ...leading, context: leading }, part);
    const own = this.#newContext(end, pool, hooks);
    try {
      return run({ ...own, context: own }, part);
    } finally {
      releaseStabilityContext(own);
    }
  }

  /** Whether rows up to there are all that features are ever selected on, but for those without a target. */
  #isAll(end: number): boolean {
    return this.#config.select.nested === 'no' || end > this.#context!.blocks.at(-1)!.begin;
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
    this.#context ??= this.#newContext(this.#rows, pool, hooks);
    return this.#context;
  }

  #newContext(rows: number, pool: WorkPool, hooks: ProgressHooks): StabilityContext {
    const { matrix } = this.#pair;
    const { pairs } = this.#config.select;
    const candidates = this.#prunedOnce(pool).kept;
    return createStabilityContext({ matrix, candidates, pairs, pool, ...this.#blockDesign(rows) }, hooks);
  }

  /** The blocks of time that subsamples are made of. */
  #blockDesign(rows: number): TimeBlocksInput {
    const { bar, targetWindow } = this.#pair;
    return blockDesign({ bar, rows, targetWindow, config: this.#config });
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
