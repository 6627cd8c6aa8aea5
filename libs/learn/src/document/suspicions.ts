import type { LearnedHorizon } from '../horizon/learn-horizon.js';

/** A feature that predicts too well to be believed. */
export interface Suspicion {
  /** Matrix column. */
  readonly column: number;
  readonly feature: string;
  readonly reason: string;
  /** False: refused before selection, for all horizons. */
  readonly retained: boolean;
}

/** Share of the mean absolute SHAP of all features that is nearly all of it. */
const NEARLY_ALL = 0.9;
/** AUC above the best baseline's that no honest single feature of a market brings. */
const FAR_ABOVE = 0.1;

/** Leaks that were refused, then retained features that do far too well by themselves, best first. */
export function suspicions(
  featureIds: readonly string[],
  learned: Pick<LearnedHorizon, 'leaks' | 'selection' | 'ranking' | 'scores'>,
): Suspicion[] {
  const { leaks, selection, ranking } = learned;
  const describe = (column: number, reason: string, retained: boolean): Suspicion => ({
    column,
    feature: featureIds[column]!,
    reason,
    retained,
  });
  const refused = [...leaks.refused].map(([column, reason]) => describe(column, reason, false));
  const dominant = dominantFeature(learned);
  const retained = (ranking?.order ?? []).flatMap((position, k) => {
    const column = selection.selected[position]!;
    const reason = leaks.suspicious.get(column) ?? (k === 0 ? dominant : undefined);
    return reason === undefined ? [] : [describe(column, reason, true)];
  });
  return [...refused, ...retained];
}

/** Why the first feature is suspicious: all rests on it, and the direction is told far better than is known anyway. */
function dominantFeature({
  ranking,
  scores,
}: Pick<LearnedHorizon, 'ranking' | 'scores'>): string | undefined {
  if (!ranking) return undefined;
  const total = ranking.shapMeanAbs.reduce((sum, value) => sum + value, 0);
  const share = total > 0 ? ranking.shapMeanAbs[ranking.order[0]!]! / total : 0;
  const auc = scores.stack.auc.value;
  const baselines = scores.baselines.map((baseline) => baseline.scores.auc.value);
  const above = auc - Math.max(0.5, ...baselines.filter(Number.isFinite));
  if (!(share >= NEARLY_ALL && above >= FAR_ABOVE)) return undefined;
  return (
    `suspicious: holds ${(100 * share).toFixed(0)} % of the SHAP, and the AUC of ${auc.toFixed(3)} is ` +
    `${above.toFixed(3)} above the best baseline's (limits ${100 * NEARLY_ALL} %, ${FAR_ABOVE.toFixed(3)})`
  );
}
