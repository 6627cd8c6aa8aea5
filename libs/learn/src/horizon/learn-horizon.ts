import type { LearnConfig } from '../config/learn-config.js';
import { type HorizonData, horizonData } from '../data/horizon-data.js';
import type { PairTarget } from '../data/pair-target.js';
import type { FeatureFate } from '../document/feature-fate.js';
import { featureFates } from '../document/feature-fates.js';
import type { JsonObject } from '../document/json.js';
import { type Suspicion, suspicions } from '../document/suspicions.js';
import { resultDocument } from '../document/write-document.js';
import type { Explanation } from '../explain/explain-horizon.js';
import { type ExplainedRows, explainedRows } from '../explain/explained-rows.js';
import type { FeatureRanking } from '../explain/feature-ranking.js';
import type { InteractionSize } from '../explain/interaction-summary.js';
import type { PermutationImportance } from '../explain/permutation-importance.js';
import { type ExportedModels, exportModels } from '../export/export-models.js';
import type { PairInput } from '../learner/pair-learner.js';
import type { ModelContext } from '../models/model-context.js';
import type { OutOfFold } from '../models/out-of-fold.js';
import { subseed } from '../numeric/seeded-random.js';
import { CancelledError } from '../progress/cancelled-error.js';
import type { LearnHooks, Stage } from '../progress/learn-hooks.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import type { ChosenThreshold } from '../scoring/choose-threshold.js';
import type { FinalPredictions, FinalScores } from '../scoring/final-scores.js';
import type { Judgement, Verdict } from '../scoring/judge.js';
import type { SelectionResult } from '../selection/selection-result.js';
import { requireLearnable } from '../sizing/require-learnable.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import type { CrossFitStack } from '../stacking/cross-fit-stack.js';
import type { FinalModels } from '../stacking/final-models.js';
import type { WorkPool } from '../threads/work-pool.js';
import { explainStage } from './explain-stage.js';
import { modelHorizon } from './model-stage.js';
import type { PairSelection } from './pair-selection.js';

export interface HorizonInput extends PairTarget {
  readonly seed: bigint;
}

/** The figures that lists and live views show. */
export interface HorizonSummary {
  readonly verdict: Verdict;
  readonly verdictText: string;
  /** Of the calibrated stack on the final segment, as is accuracy; NaN when the segment has one class only. */
  readonly auc: number;
  readonly accuracy: number;
  /** The most accurate baseline on the same rows. */
  readonly bestBaseline: string;
  readonly bestBaselineAccuracy: number;
  /** Log loss saved against the best probabilistic baseline, nats a row, with its interval. */
  readonly skill: number;
  readonly skillLow: number;
  readonly skillHigh: number;
  readonly featuresTested: number;
  readonly featuresRetained: number;
  /** NaN when the selection method has no bound. */
  readonly expectedFalseSelections: number;
  readonly rowsExplained: number;
  /** Features that predict too well to be believed: leaks that were refused, and retained ones. */
  readonly suspicions: readonly Suspicion[];
}

export interface HorizonOutcome {
  /** Everything there is to know, as docs/results.md describes: no NaN, no clock, the same bytes every time. */
  readonly document: JsonObject;
  /** One per feature, in matrix order. */
  readonly fates: readonly FeatureFate[];
  readonly summary: HorizonSummary;
  /** SHAP values of every explained row; null unless `explain.export` asks for them and a feature was retained. */
  readonly explainedRows: ExplainedRows | null;
  /** The final models; null unless `models.export` asks for them and a feature was retained. */
  readonly models: ExportedModels | null;
}

/** What the horizons of a pair share. */
export interface HorizonScope {
  readonly pair: PairInput;
  readonly config: LearnConfig;
  readonly selection: PairSelection;
  readonly pool: WorkPool;
}

/** Everything learned for a horizon, from which the outcome is written. */
export interface LearnedHorizon {
  readonly data: HorizonData;
  readonly segments: ProtocolSegments;
  readonly selection: SelectionResult;
  readonly outOfFold: OutOfFold;
  readonly crossFit: CrossFitStack;
  readonly threshold: ChosenThreshold | null;
  /** Null when no feature was retained: the prediction is then the overlap baseline's. */
  readonly final: FinalModels | null;
  readonly predictions: FinalPredictions;
  readonly scores: FinalScores;
  readonly judgement: Judgement;
  readonly explanation: Explanation | null;
  readonly ranking: FeatureRanking | null;
  readonly permutation: PermutationImportance | null;
  /** Of pairs of the best features; null when not asked for. */
  readonly shapInteractions: { readonly rows: number; readonly sizes: readonly InteractionSize[] } | null;
}

/** Parts of a horizon's seed. */
const SEED = { select: 1, model: 2, bootstrap: 3 } as const;

/** Prune, select, model and explain one horizon. */
export function learnHorizon(scope: HorizonScope, input: HorizonInput, hooks: LearnHooks): HorizonOutcome {
  const { pair, config } = scope;
  const isCancelled = () => hooks.isCancelled?.() ?? false;
  const geometry = { horizon: input.horizon, targetWindow: pair.targetWindow };
  const data = horizonData({ geometry, ...input, bar: pair.bar, persistence: pair.persistence });
  const segments = requireLearnable({
    bar: pair.bar,
    usable: data.usable,
    columns: pair.matrix.columns,
    geometry,
    config,
  });
  if (!pair.targets.some(({ horizon }) => horizon === input.horizon)) {
    throw new RangeError(`horizon ${input.horizon} is none of the pair's targets: leaks cannot be told`);
  }

  const pruned = stage(
    'prune',
    () => scope.selection.prune(scope.pool, stageHooks('prune')),
    ({ kept }) => ({ kept: kept.length }),
  );
  const selection = stage(
    'select',
    () =>
      scope.selection.select(
        { data, rows: segments.selection, seed: subseed(input.seed, SEED.select), pool: scope.pool },
        stageHooks('select'),
      ),
    ({ selected }) => ({ candidates: pruned.kept.length, selected: selected.length }),
  );
  const context: ModelContext = {
    linearColumns: oftenest(selection, config.models.linearFeatures),
    matrix: selection.selected.length > 0 ? pair.matrix.subset(selection.selected) : null,
    data,
    config,
    seed: subseed(input.seed, SEED.model),
    isCancelled,
    pool: scope.pool,
  };
  const { modelled, explained, models } = learnRetained(context);
  const learned: LearnedHorizon = { data, segments, selection, ...modelled, ...explained };
  const suspected = suspicions(scope, learned);
  return {
    document: resultDocument(scope, input, learned, suspected),
    fates: featureFates(pair.matrix.columns, pruned, learned, suspected),
    summary: { ...summarise(pair, learned), suspicions: suspected },
    explainedRows: exportedRows(scope, learned),
    models,
  };

  function learnRetained(context: ModelContext) {
    try {
      const modelled = stage(
        'model',
        () => modelHorizon(context, scope, segments, subseed(input.seed, SEED.bootstrap), hooks),
        ({ scores }) => ({ blocks: scores.blocks }),
      );
      const explained = stage(
        'explain',
        () => explainStage(context, modelled, segments, hooks),
        ({ explanation }) => ({ rows: explanation?.rows.length ?? 0 }),
      );
      const retained = { retained: selection.selected, development: segments.development };
      const models = config.models.export === 'yes' ? exportModels(context, modelled, retained) : null;
      return { modelled, explained, models };
    } finally {
      context.matrix?.release();
    }
  }

  function stageHooks(name: Stage): ProgressHooks {
    return { isCancelled, onProgress: (fraction) => hooks.onProgress?.(name, fraction) };
  }

  function stage<T>(name: Stage, work: () => T, facts: (result: T) => Record<string, number>): T {
    if (isCancelled()) throw new CancelledError(name);
    hooks.onStage?.(name, 'start');
    const result = work();
    hooks.onProgress?.(name, 1);
    hooks.onStage?.(name, 'end', facts(result));
    return result;
  }
}

/** Positions among the retained features of those selected most often, ascending. */
function oftenest({ selected, frequency }: SelectionResult, most: number): number[] {
  const byFrequency = [...selected.keys()].sort(
    (a, b) => frequency[selected[b]!]! - frequency[selected[a]!]! || a - b,
  );
  return byFrequency.slice(0, most).sort((a, b) => a - b);
}

function exportedRows(
  { pair, config }: HorizonScope,
  { explanation, ranking, selection, segments }: LearnedHorizon,
): ExplainedRows | null {
  if (config.explain.export === 'no' || !explanation || !ranking) return null;
  const { selected } = selection;
  return explainedRows(explanation, { pair, selected, ranking, finalStart: segments.final[0]! });
}

function summarise(
  pair: PairInput,
  { scores, judgement, selection, explanation }: LearnedHorizon,
): Omit<HorizonSummary, 'suspicions'> {
  const { estimates, skill } = scores;
  const gain = estimates.get('skill.logLossGain')!;
  return {
    verdict: judgement.verdict,
    verdictText: judgement.text,
    auc: estimates.get('stack.auc')!.value,
    accuracy: estimates.get('stack.accuracy')!.value,
    bestBaseline: skill.accuracyBaseline,
    bestBaselineAccuracy: estimates.get(`baseline.${skill.accuracyBaseline}.accuracy`)!.value,
    skill: gain.value,
    skillLow: gain.low,
    skillHigh: gain.high,
    featuresTested: pair.matrix.columns,
    featuresRetained: selection.selected.length,
    expectedFalseSelections: selection.expectedFalseSelections,
    rowsExplained: explanation?.rows.length ?? 0,
  };
}
