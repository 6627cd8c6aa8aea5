/**
 * Spearman's rank correlation, ties by mean rank.
 *
 * @returns NaN when one side is constant
 */
export function rankCorrelation(a: Float64Array, b: Float64Array): number {
  return correlation(ranks(a), ranks(b));
}

/** Pearson's correlation; NaN when one side is constant. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const count = a.length;
  // Values may be far from 0 and close together.
  const [a0, b0] = [a[0] ?? 0, b[0] ?? 0];
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const x = a[i]! - a0;
    const y = b[i]! - b0;
    sa += x;
    sb += y;
    saa += x * x;
    sbb += y * y;
    sab += x * y;
  }
  const product = (saa - (sa * sa) / count) * (sbb - (sb * sb) / count);
  return product > 0 ? (sab - (sa * sb) / count) / Math.sqrt(product) : Number.NaN;
}

/**
 * Goodman and Kruskal's gamma: of the pairs of rows that differ in both, how many more are in the same order than in the
 * opposite one, as a share. 1 where `level` is any ascending step function of `value`.
 *
 * @param level of few distinct values
 * @returns NaN when no two rows differ in both
 */
export function gammaAgreement(level: Float64Array, value: Float64Array): number {
  const order = Uint32Array.from(value.keys()).sort((i, j) => value[i]! - value[j]!);
  const levels = Float64Array.from(new Set(level)).sort();
  const position = new Map([...levels].map((one, k) => [one, k]));
  const seen = new Float64Array(levels.length);
  let same = 0;
  let opposite = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && value[order[end]!] === value[order[start]!]) end++;
    for (let i = start; i < end; i++) {
      const own = position.get(level[order[i]!]!)!;
      for (let k = 0; k < own; k++) same += seen[k]!;
      for (let k = own + 1; k < seen.length; k++) opposite += seen[k]!;
    }
    for (let i = start; i < end; i++) seen[position.get(level[order[i]!]!)!]!++;
    start = end;
  }
  return same + opposite > 0 ? (same - opposite) / (same + opposite) : Number.NaN;
}

/** Rank of each value from 0, ties by their mean. */
export function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
  const ranked = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranked[order[i]!] = (start + end - 1) / 2;
    start = end;
  }
  return ranked;
}
