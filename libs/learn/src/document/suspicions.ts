import type { LearnedHorizon } from '../horizon/learn-horizon.js';
import type { LeakReason, ShareSuspicion } from '../leaks/leak-reasons.js';

/** `share` is of the mean absolute SHAP of all features, `above` how far the AUC is above the best baseline's. */
export interface DominanceSuspicion {
  readonly code: 'suspicious_dominance';
  readonly facts: {
    readonly share: number;
    readonly limit: number;
    readonly auc: number;
    readonly above: number;
    readonly aboveLimit: number;
  };
}

export type SuspicionReason = ShareSuspicion | DominanceSuspicion;

/** A feature that predicts too well to be believed: refused before selection, for all horizons, or retained. */
export type Suspicion = {
  /** Matrix column. */
  readonly column: number;
  readonly feature: string;
} & (
  | { readonly retained: false; readonly why: LeakReason }
  | { readonly retained: true; readonly why: SuspicionReason }
);

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
  const feature = (column: number): string => featureIds[column]!;
  const refused = [...leaks.refused].map(
    ([column, why]): Suspicion => ({ column, feature: feature(column), retained: false, why }),
  );
  const dominant = dominantFeature(learned);
  const retained = (ranking?.order ?? []).flatMap((position, k): Suspicion[] => {
    const column = selection.selected[position]!;
    const why = leaks.suspicious.get(column) ?? (k === 0 ? dominant : undefined);
    return why === undefined ? [] : [{ column, feature: feature(column), retained: true, why }];
  });
  return [...refused, ...retained];
}

/** Why the first feature is suspicious: all rests on it, and the direction is told far better than is known anyway. */
function dominantFeature({
  ranking,
  scores,
}: Pick<LearnedHorizon, 'ranking' | 'scores'>): DominanceSuspicion | undefined {
  if (!ranking) return undefined;
  const total = ranking.shapMeanAbs.reduce((sum, value) => sum + value, 0);
  const share = total > 0 ? ranking.shapMeanAbs[ranking.order[0]!]! / total : 0;
  const auc = scores.stack.auc.value;
  const baselines = scores.baselines.map((baseline) => baseline.scores.auc.value);
  const above = auc - Math.max(0.5, ...baselines.filter(Number.isFinite));
  if (!(share >= NEARLY_ALL && above >= FAR_ABOVE)) return undefined;
  return {
    code: 'suspicious_dominance',
    facts: { share, limit: NEARLY_ALL, auc, above, aboveLimit: FAR_ABOVE },
  };
}
