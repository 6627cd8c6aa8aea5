import type { Estimate } from '../metrics/block-bootstrap.js';
import type { DetectableEffect } from './detectable-effect.js';

/** SKILL_SUSPECT: as SKILL, but it rests on what no honest feature, or no honest panel of features, is known to do. */
export type Verdict = 'SKILL' | 'SKILL_SUSPECT' | 'NO_SKILL_BEYOND_OVERLAP' | 'INCONCLUSIVE';

export interface Evidence {
  readonly horizon: number;
  readonly targetWindow: number;
  readonly scoredRows: number;
  /** Bootstrap blocks that fit into the scored rows. */
  readonly blocks: number;
  readonly minRows: number;
  readonly minBlocks: number;
  /** Whether the known part of the target could be given to the baselines. */
  readonly knownAvailable: boolean;
  readonly retainedFeatures: number;
  readonly accuracy: number;
  readonly accuracyBaseline: string;
  readonly baselineAccuracy: number;
  readonly logLossGain: Estimate;
  readonly unknownEdge: Estimate;
  /** Largest value of `unknownEdge` that an honest panel of features reaches. */
  readonly honestEdge: number;
  /** Retained features that are suspicious by themselves. */
  readonly suspects: number;
  readonly detectable: DetectableEffect;
}

/** What every verdict is told with. */
type ScoredFacts = {
  readonly horizon: number;
  readonly accuracy: number;
  /** The most accurate one, and its accuracy. */
  readonly baseline: string;
  readonly baselineAccuracy: number;
};

type SkillFacts = ScoredFacts & { readonly gain: number; readonly gainLow: number };

/** What no skill is told with: what the sample would have shown, left out where that is not known. */
type NoSkillFacts = ScoredFacts & { readonly detectableGain?: number; readonly detectableAuc?: number };

/** What a verdict rests on. */
export type VerdictReason =
  | { readonly code: 'skill'; readonly facts: SkillFacts }
  | { readonly code: 'suspect_features'; readonly facts: SkillFacts & { readonly suspects: number } }
  | {
      readonly code: 'suspect_edge';
      readonly facts: SkillFacts & { readonly edge: number; readonly limit: number };
    }
  | { readonly code: 'overlap_unknown'; readonly facts: ScoredFacts }
  | { readonly code: 'no_skill' | 'no_feature' | 'size_only'; readonly facts: NoSkillFacts }
  | { readonly code: 'weak_edge'; readonly facts: NoSkillFacts & { readonly edge: number } }
  | {
      readonly code: 'worse';
      readonly facts: NoSkillFacts & { readonly gain: number; readonly gainHigh: number };
    }
  | {
      readonly code: 'few_rows';
      readonly facts: ScoredFacts & { readonly rows: number; readonly least: number };
    }
  | {
      readonly code: 'few_blocks';
      readonly facts: ScoredFacts & { readonly blocks: number; readonly least: number };
    };

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: VerdictReason;
}

/**
 * SKILL when both lower bounds lie above zero: log loss saved against the same stack without models, and
 * correlation with the direction of the part that is not yet known. SKILL_SUSPECT when both do, but a retained feature is
 * suspicious or that correlation is larger than honest features reach together. INCONCLUSIVE when the scored rows are
 * too few or the overlap cannot be computed; NO_SKILL_BEYOND_OVERLAP otherwise.
 */
export function judge(evidence: Evidence): Judgement {
  const { horizon, accuracy, accuracyBaseline: baseline, baselineAccuracy, logLossGain } = evidence;
  const scored = { horizon, accuracy, baseline, baselineAccuracy };
  const obstacle = whyInconclusive(evidence, scored);
  if (obstacle) return { verdict: 'INCONCLUSIVE', reason: obstacle };
  if (logLossGain.low > 0 && evidence.unknownEdge.low > 0) {
    return skilled(evidence, { ...scored, gain: logLossGain.value, gainLow: logLossGain.low });
  }
  return { verdict: 'NO_SKILL_BEYOND_OVERLAP', reason: whyNoSkill(evidence, scored) };
}

function skilled({ suspects, unknownEdge, honestEdge: limit }: Evidence, facts: SkillFacts): Judgement {
  const { value: edge } = unknownEdge;
  if (suspects > 0)
    return { verdict: 'SKILL_SUSPECT', reason: { code: 'suspect_features', facts: { ...facts, suspects } } };
  if (edge > limit)
    return { verdict: 'SKILL_SUSPECT', reason: { code: 'suspect_edge', facts: { ...facts, edge, limit } } };
  return { verdict: 'SKILL', reason: { code: 'skill', facts } };
}

function whyInconclusive(evidence: Evidence, scored: ScoredFacts): VerdictReason | undefined {
  const { scoredRows: rows, minRows, blocks, minBlocks } = evidence;
  if (!evidence.knownAvailable) return { code: 'overlap_unknown', facts: scored };
  if (rows < minRows) return { code: 'few_rows', facts: { ...scored, rows, least: minRows } };
  if (blocks < minBlocks) return { code: 'few_blocks', facts: { ...scored, blocks, least: minBlocks } };
  return undefined;
}

function whyNoSkill(evidence: Evidence, scored: ScoredFacts): VerdictReason {
  const { retainedFeatures, logLossGain, unknownEdge, detectable } = evidence;
  const { gain: detectableGain, auc: detectableAuc } = detectable;
  const facts = Number.isFinite(detectableGain) ? { ...scored, detectableGain, detectableAuc } : scored;
  if (retainedFeatures === 0) return { code: 'no_feature', facts };
  if (logLossGain.low > 0 && !(unknownEdge.low > 0)) return { code: 'size_only', facts };
  if (logLossGain.high < 0) {
    return { code: 'worse', facts: { ...facts, gain: logLossGain.value, gainHigh: logLossGain.high } };
  }
  if (unknownEdge.low > 0) return { code: 'weak_edge', facts: { ...facts, edge: unknownEdge.value } };
  return { code: 'no_skill', facts };
}
