import type { Estimate } from '../metrics/block-bootstrap.js';

export type Verdict = 'SKILL' | 'NO_SKILL_BEYOND_OVERLAP' | 'INCONCLUSIVE';

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
}

export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence for people. */
  readonly text: string;
}

/**
 * SKILL when both lower bounds lie above zero: log loss saved against the best probabilistic baseline, and
 * correlation with the direction of the part that is not yet known. INCONCLUSIVE when the scored rows are
 * too few or the overlap cannot be computed; NO_SKILL_BEYOND_OVERLAP otherwise.
 */
export function judge(evidence: Evidence): Judgement {
  const { horizon, accuracy, baselineAccuracy, logLossGain, unknownEdge } = evidence;
  const start =
    `h${horizon}: accuracy ${percent(accuracy)}, ` +
    `the ${displayName(evidence.accuracyBaseline)} baseline alone gets ${percent(baselineAccuracy)}`;
  const obstacle = whyInconclusive(evidence);
  if (obstacle) return { verdict: 'INCONCLUSIVE', text: `${start}: inconclusive, ${obstacle}` };
  if (logLossGain.low > 0 && unknownEdge.low > 0) {
    const gain = `log loss better by ${nats(logLossGain.value)} (at least ${nats(logLossGain.low)})`;
    return { verdict: 'SKILL', text: `${start}: skill beyond overlap, ${gain}` };
  }
  return {
    verdict: 'NO_SKILL_BEYOND_OVERLAP',
    text: `${start}: no skill beyond overlap${because(evidence)}`,
  };
}

function whyInconclusive(evidence: Evidence): string | undefined {
  const { scoredRows, minRows, blocks, minBlocks } = evidence;
  if (!evidence.knownAvailable) return 'the part of the target that is already known is not in the dataset';
  if (scoredRows < minRows) return `${scoredRows} scored rows are fewer than ${minRows}`;
  if (blocks < minBlocks) return `the scored rows hold ${blocks} independent blocks, fewer than ${minBlocks}`;
  return undefined;
}

function because({ retainedFeatures, logLossGain, unknownEdge }: Evidence): string {
  if (retainedFeatures === 0) return ' (no feature passed selection)';
  if (logLossGain.low > 0 && !(unknownEdge.low > 0)) {
    return ' (it judges how much prices move, not where they go)';
  }
  if (unknownEdge.low > 0) {
    return ` (a weak edge, correlation ${unknownEdge.value.toFixed(2)} with what is not yet known, that does not lower log loss for certain)`;
  }
  return '';
}

function displayName(baseline: string): string {
  return baseline === 'overlap_logistic' ? 'overlap' : baseline.replace('_', ' ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function nats(value: number): string {
  return `${value.toFixed(4)} nats`;
}
