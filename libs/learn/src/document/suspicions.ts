import type { LearnedHorizon } from '../horizon/learn-horizon.js';
import type { LeakReason, Suspicious } from '../leaks/leak-reasons.js';

/** A feature that predicts too well to be believed: refused before selection, for all horizons, or retained. */
export type Suspicion = {
  /** Matrix column; products of two come after them, in the order of the models' columns. */
  readonly column: number;
  readonly feature: string;
} & (
  | { readonly retained: false; readonly why: LeakReason }
  | { readonly retained: true; readonly why: Suspicious }
);

/** Leaks that were refused, then retained features that do far too well by themselves, the largest SHAP first. */
export function suspicions(
  featureIds: readonly string[],
  learned: Pick<LearnedHorizon, 'leaks' | 'columns' | 'ranking'>,
): Suspicion[] {
  const { leaks, columns, ranking } = learned;
  const feature = (column: number): string => featureIds[column]!;
  const refused = [...leaks.refused].map(
    ([column, why]): Suspicion => ({ column, feature: feature(column), retained: false, why }),
  );
  const retained = (ranking?.order ?? []).flatMap((position): Suspicion[] => {
    const { column, name } = columns[position]!;
    const why = leaks.suspicious.get(column);
    return why === undefined ? [] : [{ column, feature: name, retained: true, why }];
  });
  return [...refused, ...retained];
}
