/**
 * Family-wise adjusted p-values (Holm 1979): the chance, whatever depends on what, that a family without any effect shows one
 * as small somewhere is at most the adjusted value.
 *
 * @param p one a test; NaN where there was nothing to test, which counts as 1
 * @param family tests in all, those included that have no p-value yet: at least as many as there are
 */
export function holm(p: readonly number[], family = p.length): number[] {
  const { order, value } = ascending(p);
  const adjusted = new Array<number>(p.length);
  let most = 0;
  order.forEach((test, rank) => {
    most = Math.max(most, Math.min(1, (family - rank) * value[test]!));
    adjusted[test] = most;
  });
  return adjusted;
}

/**
 * Adjusted p-values for the false discovery rate under any dependence (Benjamini & Yekutieli 2001, theorem 1.3): among
 * the tests called at the level q, the expected share of false ones is at most q.
 *
 * @param p as for {@link holm}
 * @param family as for {@link holm}
 */
export function benjaminiYekutieli(p: readonly number[], family = p.length): number[] {
  const { order, value } = ascending(p);
  const adjusted = new Array<number>(p.length);
  let harmonic = 0;
  for (let test = 1; test <= family; test++) harmonic += 1 / test;
  let least = 1;
  for (let rank = order.length - 1; rank >= 0; rank--) {
    const test = order[rank]!;
    least = Math.min(least, (family * harmonic * value[test]!) / (rank + 1));
    adjusted[test] = least;
  }
  return adjusted;
}

/**
 * What p-values are multiplied by when the same rows are scored for the k-th time: pi^2 / 6 k^2. Alpha spending with shares that
 * sum to one over all scorings that may ever come (Foster & Stine 2008): the chance that any of them is false stays at the level.
 *
 * @param scoring 1 for the first
 */
export function scoringCharge(scoring: number): number {
  return (Math.PI ** 2 / 6) * scoring ** 2;
}

function ascending(p: readonly number[]): { order: number[]; value: number[] } {
  const value = p.map((own) => (Number.isNaN(own) ? 1 : own));
  return { order: [...value.keys()].sort((a, b) => value[a]! - value[b]! || a - b), value };
}
