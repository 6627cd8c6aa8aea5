import type { BaselineName } from '../baselines/fit-baselines.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { Interaction, InteractionOutcome } from '../interactions/interaction-selection.js';
import type { DirectionMetric } from '../metrics/score-direction.js';
import type { ValueMetric } from '../metrics/score-value.js';
import type { DirectionName, ModelName } from '../models/model-registry.js';
import type { Verdict, VerdictReason } from '../scoring/judge.js';
import type { SelectionFacts } from '../selection/selection-result.js';
import type { ValueModelName } from '../stacking/final-models.js';
import type { EstimateJson } from './estimate-json.js';
import type { ShapJson } from './shap-json.js';
import type { SkillJson } from './skill-json.js';
import type { Suspicion } from './suspicions.js';

/** Version of the document's structure; docs/results.md describes it. */
export const RESULT_FORMAT_VERSION = 3;

/**
 * Everything that is known of one horizon of a pair, as docs/results.md describes field by field. Plain JSON: no NaN,
 * no clock, the same bytes every time. The trainer adds what only it knows ({@link TaskFacts}) to the
 * {@link LearnedDocument} of the engine.
 */
export interface ResultDocument extends Omit<LearnedDocument, 'selection' | 'suspicious'>, TaskFacts {
  /** What `verdictReason` says as a sentence, as do the `reason`s below; never read by a program. */
  readonly verdictText: string;
  readonly selection: SelectionJson<ToldReasonJson>;
  readonly suspicious: readonly ToldReasonJson[];
}

/** What the trainer knows of a task beside what was learned. */
export interface TaskFacts {
  readonly pair: string;
  readonly dataset: {
    readonly id: string;
    readonly contentSha256: string;
    readonly rows: number;
    /** Times of the first and last row, UTC. */
    readonly from: string;
    readonly to: string;
    readonly universe: number;
    readonly included: number;
    readonly excluded: number;
  };
  readonly spec: {
    readonly preset: string;
    readonly overrides: Readonly<Record<string, string>>;
    readonly seed: string;
  };
}

/** All that was learned about one horizon. */
export interface LearnedDocument {
  readonly format: 'onescan.horizon-result';
  readonly formatVersion: typeof RESULT_FORMAT_VERSION;
  readonly horizon: number;
  readonly targetWindow: number;
  /** Decimal text. */
  readonly seed: string;
  readonly config: ConfigJson;
  readonly verdict: Verdict;
  readonly verdictReason: VerdictReason;
  readonly skill: SkillJson;
  readonly rows: RowsJson;
  readonly segments: readonly SegmentJson[];
  readonly features: {
    readonly tested: number;
    readonly pruned: number;
    readonly candidates: number;
    readonly leaking: number;
    readonly retained: number;
    readonly products: number;
  };
  readonly selection: SelectionJson;
  readonly suspicious: readonly FeatureReasonJson[];
  readonly interactions: InteractionsJson | null;
  readonly models: readonly ModelJson[];
  readonly stack: StackJson | null;
  readonly final: {
    readonly direction: DirectionScoresJson;
    readonly value: { readonly [name in ValueModelName]?: ValueScoresJson };
  };
  readonly outOfFold: OutOfFoldJson;
  readonly baselines: readonly BaselineJson[];
  readonly reliability: readonly ReliabilityJson[];
  readonly gating: GatingJson;
  readonly shap: ShapJson | null;
}

export type DirectionScoresJson = Readonly<Record<DirectionMetric, EstimateJson>>;
export type ValueScoresJson = Readonly<Record<ValueMetric, EstimateJson>>;

/** Every setting; `models.export`, which changes no result, only where it was asked for. */
export type ConfigJson = Omit<LearnConfig, 'models'> & {
  readonly models: Omit<LearnConfig['models'], 'export'> & Partial<Pick<LearnConfig['models'], 'export'>>;
};

export interface RowsJson {
  readonly total: number;
  readonly usable: number;
  readonly missingTarget: number;
  readonly missingKnownPart: number;
  readonly missingPersistence: number;
  readonly knownPartAvailable: boolean;
  readonly selection: number;
  readonly development: number;
  readonly outOfFold: number;
  readonly outOfFoldScored: number;
  readonly purgedBeforeFinal: number;
  readonly final: number;
  readonly explained: number;
}

export interface SegmentJson {
  readonly name: string;
  readonly rows: number;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** A feature that predicts too well, with the code and the facts of the reason. */
export interface FeatureReasonJson {
  readonly feature: string;
  readonly reasonCode: Suspicion['why']['code'];
  readonly facts: Suspicion['why']['facts'];
}

export interface ToldReasonJson extends FeatureReasonJson {
  readonly reason: string;
}

export type SelectionJson<Reason = FeatureReasonJson> = SelectionFacts & {
  readonly expectedFalseSelections: number | null;
  readonly leakage: readonly Reason[];
};

export interface InteractionsJson extends Omit<InteractionOutcome, 'retained'> {
  readonly threshold: number;
  readonly pairs: number;
  readonly retained: readonly (Pick<Interaction, 'direction' | 'frequency' | 'explained'> & {
    readonly features: readonly [string, string];
    /** How each enters their product. */
    readonly by: Interaction['parts'];
  })[];
}

/** Number of trees of a booster, penalty of a linear model. */
export type ModelSizeJson = { readonly trees: number } | { readonly penalty: number };

export type ModelJson = ModelSizeJson & { readonly folds: readonly ModelSizeJson[] } & (
    | { readonly predicts: 'direction'; readonly name: DirectionName; readonly final: DirectionScoresJson }
    | {
        readonly predicts: 'value';
        readonly name: Exclude<ModelName, DirectionName | 'value'> | 'value booster';
      }
  );

export interface StackJson {
  readonly intercept: number;
  readonly startWeight: number;
  readonly weights: Readonly<Record<DirectionName, number>>;
  readonly calibration: {
    readonly method: LearnConfig['calibration']['method'];
    readonly slope: number | null;
    readonly intercept: number | null;
  };
}

/** Metrics without an interval. */
export type DirectionFiguresJson = Readonly<Record<DirectionMetric, number | null>>;

export interface OutOfFoldJson extends DirectionFiguresJson {
  readonly scheme: LearnConfig['protocol']['scheme'];
  readonly folds: number;
  readonly rows: number;
  readonly paths: readonly DirectionFiguresJson[];
  /** Of the first path, by part of time that is tested; walk-forward the first fold has no stack to predict it. */
  readonly byFold: readonly FoldFiguresJson[];
}

/** How good the stack was in one part of time, beside what it starts from without any feature. */
export interface FoldFiguresJson extends DirectionFiguresJson {
  /** From 1. */
  readonly fold: number;
  readonly rows: number;
  /** Epoch milliseconds of the first and last row. */
  readonly from: number;
  readonly to: number;
  readonly known: DirectionFiguresJson;
}

export interface BaselineJson {
  readonly name: BaselineName;
  readonly accuracy: EstimateJson;
  readonly auc: EstimateJson;
  readonly logLoss: EstimateJson | null;
  readonly brier: EstimateJson | null;
  readonly randomWalkAccuracy: number | null;
}

export interface ReliabilityJson {
  readonly rows: number;
  readonly low: number;
  readonly high: number;
  readonly meanPredicted: number;
  readonly observed: EstimateJson;
}

export interface GateJson {
  readonly threshold: number;
  readonly calls: number;
  readonly coverage: number | null;
  readonly accuracy: EstimateJson;
}

export interface GatingJson {
  readonly thresholds: readonly GateJson[];
  readonly coverages: readonly {
    readonly coverage: number;
    readonly calls: number;
    readonly accuracy: EstimateJson;
    readonly baselines: { readonly [name in BaselineName]?: EstimateJson };
  }[];
  readonly chosen:
    | (GateJson & { readonly outOfFoldAccuracy: number | null; readonly outOfFoldCoverage: number | null })
    | null;
}
