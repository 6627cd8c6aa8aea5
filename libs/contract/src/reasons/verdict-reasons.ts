import { FACT, percent, reasonEntry } from './reason-entry.js';

const { count, figure, share, horizon, name } = FACT;

const scored = { horizon, accuracy: share, baseline: name, baselineAccuracy: share };

interface Scored {
  readonly horizon: number;
  readonly accuracy: number;
  readonly baseline: string;
  readonly baselineAccuracy: number;
}

function scoredText(facts: Scored): string {
  return (
    `h${facts.horizon}: accuracy ${percent(facts.accuracy)}, ` +
    `the ${baselineName(facts.baseline)} baseline alone gets ${percent(facts.baselineAccuracy)}`
  );
}

function baselineName(baseline: string): string {
  return baseline === 'overlap_logistic' ? 'overlap' : baseline.replace('_', ' ');
}

/** What the sample would have shown; not in results from before it was reckoned. */
const detectable = { detectableGain: figure.optional(), detectableAuc: share.optional() };

interface NoSkill extends Scored {
  readonly detectableGain?: number | undefined;
  readonly detectableAuc?: number | undefined;
}

function noSkill(facts: NoSkill, why = ''): string {
  const { detectableGain, detectableAuc } = facts;
  const seen =
    detectableGain === undefined || detectableAuc === undefined
      ? ''
      : `; a gain of ${nats(detectableGain)}, an AUC of ${detectableAuc.toFixed(3)} of what is not yet known, would have been found four times in five`;
  return `${scoredText(facts)}: no skill beyond overlap${why}${seen}`;
}

function inconclusive(facts: Scored, why: string): string {
  return `${scoredText(facts)}: inconclusive, ${why}`;
}

function nats(value: number): string {
  return `${value.toFixed(4)} nats`;
}

/** What a verdict rests on. */
export const VERDICT_REASONS = {
  skill: reasonEntry(
    'log loss is better than without the models, and the direction of what is not yet known is told',
    { ...scored, gain: figure, gainLow: figure },
    (facts) =>
      `${scoredText(facts)}: skill beyond overlap, log loss better by ${nats(facts.gain)} (at least ${nats(facts.gainLow)})`,
  ),
  suspect_features: reasonEntry(
    'both are shown, but retained features are suspicious, so that it may be the future that tells',
    { ...scored, gain: figure, gainLow: figure, suspects: count },
    (facts) =>
      `${scoredText(facts)}: better by ${nats(facts.gain)} (at least ${nats(facts.gainLow)}), but suspect: ` +
      `${facts.suspects} of the retained features explain${facts.suspects === 1 ? 's' : ''} more of the future than honest ones do`,
  ),
  suspect_edge: reasonEntry(
    'both are shown, but all features together tell more of the direction of what is not yet known than honest ones do',
    { ...scored, gain: figure, gainLow: figure, edge: figure, limit: figure },
    (facts) =>
      `${scoredText(facts)}: better by ${nats(facts.gain)} (at least ${nats(facts.gainLow)}), but suspect: ` +
      `correlation ${facts.edge.toFixed(3)} with the direction of what is not yet known, honest features reach ${facts.limit.toFixed(3)}`,
  ),
  no_skill: reasonEntry('neither is shown', { ...scored, ...detectable }, (facts) => noSkill(facts)),
  no_feature: reasonEntry('no feature passed selection', { ...scored, ...detectable }, (facts) =>
    noSkill(facts, ' (not tested: no feature passed selection)'),
  ),
  worse: reasonEntry(
    'log loss is significantly worse than without the models',
    { ...scored, ...detectable, gain: figure, gainHigh: figure },
    (facts) =>
      noSkill(
        facts,
        ` (log loss is significantly worse than without the models, by ${nats(-facts.gain)}, at least ${nats(-facts.gainHigh)})`,
      ),
  ),
  size_only: reasonEntry(
    'log loss is better, but the direction of what is not yet known is not told',
    { ...scored, ...detectable },
    (facts) => noSkill(facts, ' (it judges how much prices move, not where they go)'),
  ),
  weak_edge: reasonEntry(
    'the direction of what is not yet known is told a little, but log loss is not better for certain',
    { ...scored, ...detectable, edge: figure },
    (facts) =>
      noSkill(
        facts,
        ` (a weak edge, correlation ${facts.edge.toFixed(2)} with what is not yet known, that does not lower log loss for certain)`,
      ),
  ),
  overlap_unknown: reasonEntry(
    'the part of the target that is already known is not in the dataset',
    scored,
    (facts) => inconclusive(facts, 'the part of the target that is already known is not in the dataset'),
  ),
  few_rows: reasonEntry('too few rows are scored', { ...scored, rows: count, least: count }, (facts) =>
    inconclusive(facts, `${facts.rows} scored rows are fewer than ${facts.least}`),
  ),
  few_blocks: reasonEntry(
    'the scored rows hold too few independent blocks',
    { ...scored, blocks: count, least: count },
    (facts) =>
      inconclusive(
        facts,
        `the scored rows hold ${facts.blocks} independent blocks, fewer than ${facts.least}`,
      ),
  ),
};
