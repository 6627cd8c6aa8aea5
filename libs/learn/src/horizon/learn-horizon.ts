import type { LearnConfig } from '../config/learn-config.js';
import { type HorizonData, horizonData } from '../data/horizon-data.js';
import type { PairInput } from '../data/pair-input.js';
import type { PairTarget } from '../data/pair-target.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { type ExportedModels, exportModels } from '../export/export-models.js';
import type { ModelColumn } from '../interactions/product-columns.js';
import { subseed } from '../numeric/seeded-random.js';
import type { LearnHooks, Stage } from '../progress/learn-hooks.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { requireLearnable } from '../sizing/require-learnable.js';
import { developmentRows } from '../splits/development-rows.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import type { WorkPool } from '../threads/work-pool.js';
import type { ModelContext } from '../training/model-context.js';
import { type Explained, explainStage } from './explain-stage.js';
import { columnsOfModels } from './model-columns.js';
import { type Modelled, modelStage } from './model-stage.js';
import type { PairSelection, Pruned } from './pair-selection.js';
import { withSecondLook } from './second-look.js';
import { type NestedSelection, selectStage } from './select-stage.js';

export interface HorizonInput extends PairTarget {
  readonly seed: bigint;
}

/** What the horizons of a pair share. */
export interface HorizonScope {
  readonly pair: PairInput;
  readonly config: LearnConfig;
  readonly selection: PairSelection;
  readonly pool: WorkPool;
}

/** What a horizon is learned from. */
export interface Prepared {
  readonly data: HorizonData;
  readonly segments: ProtocolSegments;
}

/** All that was learned about a horizon: what its stages found. */
export interface LearnedHorizon extends Prepared, Pruned, NestedSelection, Modelled, Explained {
  /** What the final models are made of. */
  readonly columns: readonly ModelColumn[];
  /** Null unless `models.export` asks for them and a feature was retained. */
  readonly models: ExportedModels | null;
}

/** Parts of a horizon's seed. */
const SEED = { select: 1, model: 2, bootstrap: 3 } as const;

/** Prune, select, model and explain one horizon. */
export function learnHorizon(scope: HorizonScope, input: HorizonInput, hooks: LearnHooks): LearnedHorizon {
  const { pair, config, pool } = scope;
  const { data, segments } = prepare(scope, input);
  const { stage, stageHooks, isCancelled } = stagesOf(hooks);
  const pruned = stage(
    'prune',
    () => scope.selection.prune(pool, stageHooks('prune')),
    ({ pruning }) => ({ featuresIn: pair.matrix.columns, featuresOut: pruning.kept.length }),
  );
  const selected = stage(
    'select',
    () => {
      const hooks = stageHooks('select');
      const nested = config.select.nested === 'yes';
      const seed = subseed(input.seed, SEED.select);
      const select = () =>
        selectStage({ selection: scope.selection, data, segments, nested, seed, pool }, hooks);
      return withSecondLook(scope, input.horizon, select, hooks);
    },
    ({ selection }) => ({
      featuresIn: pruned.pruning.kept.length,
      featuresOut: selection.selected.length,
    }),
  );
  const { leaks } = selected;
  const { columns, ...matrices } = columnsOfModels(pair, selected, {
    fitRows: developmentRows(pair.bar, config),
    linearFeatures: config.models.linearFeatures,
  });
  const suspects = columns.filter(({ column }) => leaks.suspicious.has(column)).length;
  const context: ModelContext = {
    ...matrices,
    data,
    config,
    seed: subseed(input.seed, SEED.model),
    isCancelled,
    pool,
  };
  try {
    const modelled = stage(
      'model',
      () => modelStage(context, pair, segments, subseed(input.seed, SEED.bootstrap), suspects, hooks),
      ({ scores }) => ({ featuresIn: columns.length, blocks: scores.blocks }),
    );
    const explained = stage(
      'explain',
      () => explainStage(context, modelled, segments, hooks),
      ({ explanation }) => ({ featuresIn: columns.length, rows: explanation?.rows.length ?? 0 }),
    );
    const models =
      config.models.export === 'yes'
        ? exportModels(context, modelled, { columns, development: segments.development })
        : null;
    return { data, segments, ...pruned, ...selected, columns, ...modelled, ...explained, models };
  } finally {
    context.matrix?.release();
    context.folds?.matrix.release();
  }
}

/** @throws LearnInputError when the horizon cannot be learned honestly, or is none of the pair's targets */
function prepare({ pair, config }: HorizonScope, input: HorizonInput): Prepared {
  const { bar, persistence, targets, targetWindow } = pair;
  const geometry = { horizon: input.horizon, targetWindow };
  const data = horizonData({ geometry, ...input, bar, persistence });
  const { usable } = data;
  const segments = requireLearnable({ bar, usable, columns: pair.matrix.columns, geometry, config });
  if (!targets.some(({ horizon }) => horizon === input.horizon)) {
    throw new LearnInputError(`horizon ${input.horizon} is none of the pair's targets: leaks cannot be told`);
  }
  return { data, segments };
}

/** Runs stages, telling the caller of each and stopping between them when asked to. */
function stagesOf(hooks: LearnHooks) {
  const isCancelled = () => hooks.isCancelled?.() ?? false;
  return {
    isCancelled,
    stageHooks: (name: Stage): ProgressHooks => ({
      isCancelled,
      onProgress: (fraction) => hooks.onProgress?.(name, fraction),
    }),
    stage<T>(name: Stage, work: () => T, facts: (result: T) => Record<string, number>): T {
      if (isCancelled()) throw new CancelledError(name);
      hooks.onStage?.(name, 'start');
      const result = work();
      hooks.onProgress?.(name, 1);
      hooks.onStage?.(name, 'end', facts(result));
      return result;
    },
  };
}
