import type { PairInput } from '../data/pair-input.js';
import type { FeatureFate, ProductFate } from '../document/feature-fate.js';
import { featureFates, productFates } from '../document/feature-fates.js';
import type { LearnedDocument } from '../document/result-document.js';
import { type Suspicion, suspicions } from '../document/suspicions.js';
import { writeDocument } from '../document/write-document.js';
import { type ExplainedRows, explainedRows } from '../explain/explained-rows.js';
import type { ExportedModels } from '../export/export-models.js';
import type { HorizonScope, LearnedHorizon } from '../horizon/learn-horizon.js';
import type { Verdict, VerdictReason } from '../scoring/judge.js';

/** The figures that lists and live views show. */
export interface HorizonSummary {
  readonly verdict: Verdict;
  readonly verdictReason: VerdictReason;
  /** Of the calibrated stack on the final segment, as is accuracy; NaN when the segment has one class only. */
  readonly auc: number;
  readonly accuracy: number;
  /** The most accurate baseline on the same rows. */
  readonly bestBaseline: string;
  readonly bestBaselineAccuracy: number;
  /** Log loss saved against the same stack without models, nats a row, with its interval; NaN where nothing was tested. */
  readonly skill: number;
  readonly skillLow: number;
  readonly skillHigh: number;
  /** One-sided, of "no skill"; undefined where nothing was tested. */
  readonly pValue: number | undefined;
  /** The smallest gain, and AUC of the opinion, that is found with 80 % power; undefined where that is not known. */
  readonly detectableGain: number | undefined;
  readonly detectableAuc: number | undefined;
  readonly featuresTested: number;
  readonly featuresRetained: number;
  /** NaN when the selection method has no bound. */
  readonly expectedFalseSelections: number;
  readonly rowsExplained: number;
  /** Features that predict too well to be believed: leaks that were refused, and retained ones. */
  readonly suspicions: readonly Suspicion[];
}

/** What is handed over of a learned horizon. */
export interface HorizonOutcome {
  readonly document: LearnedDocument;
  /** One per feature, in matrix order. */
  readonly fates: readonly FeatureFate[];
  /** One per retained product of two features, a column of the models like others. */
  readonly products: readonly ProductFate[];
  readonly summary: HorizonSummary;
  /** SHAP values of every explained row; null unless `explain.export` asks for them and a feature was retained. */
  readonly explainedRows: ExplainedRows | null;
  /** The final models; null unless `models.export` asks for them and a feature was retained. */
  readonly models: ExportedModels | null;
}

/** Document, fates and figures of a horizon, from what was learned. */
export function horizonOutcome(
  { pair, config }: Pick<HorizonScope, 'pair' | 'config'>,
  seed: bigint,
  learned: LearnedHorizon,
): HorizonOutcome {
  const suspected = suspicions(pair.featureIds, learned);
  return {
    document: writeDocument({ pair, config, seed }, learned, suspected),
    fates: featureFates(pair.matrix.columns, learned, suspected),
    products: productFates(learned, suspected),
    summary: { ...summarise(pair, learned), suspicions: suspected },
    explainedRows: config.explain.export === 'yes' ? rowsToExport(pair, learned) : null,
    models: learned.models,
  };
}

function rowsToExport(
  pair: PairInput,
  { explanation, ranking, columns, segments }: LearnedHorizon,
): ExplainedRows | null {
  if (!explanation || !ranking) return null;
  return explainedRows(explanation, { pair, columns, ranking, finalStart: segments.final[0]! });
}

function summarise(
  pair: PairInput,
  { scores, judgement, selection, explanation }: LearnedHorizon,
): Omit<HorizonSummary, 'suspicions'> {
  const { stack, skill } = scores;
  const { logLossGain, accuracyBaseline, calendar, pValue, detectable } = skill;
  const tested = (value: number) => (calendar ? value : Number.NaN);
  const known = (value: number) => (Number.isFinite(value) ? value : undefined);
  return {
    verdict: judgement.verdict,
    verdictReason: judgement.reason,
    auc: stack.auc.value,
    accuracy: stack.accuracy.value,
    bestBaseline: accuracyBaseline.name,
    bestBaselineAccuracy: accuracyBaseline.scores.accuracy.value,
    skill: tested(logLossGain.value),
    skillLow: tested(logLossGain.low),
    skillHigh: tested(logLossGain.high),
    pValue: known(pValue.both),
    detectableGain: known(detectable.gain),
    detectableAuc: known(detectable.auc),
    featuresTested: pair.matrix.columns,
    featuresRetained: selection.selected.length,
    expectedFalseSelections: selection.expectedFalseSelections,
    rowsExplained: explanation?.rows.length ?? 0,
  };
}
