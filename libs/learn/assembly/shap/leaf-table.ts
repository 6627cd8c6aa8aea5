@inline
function at(base: usize, i: u32): usize {
  return base + ((<usize>i) << 3);
}

/**
 * Fills table[j][mask] for one leaf: the contribution of feature j to a row that agrees with the path in
 * the features of `mask`. With z_i the share of training rows that follow the path at feature i's nodes,
 *
 *   phi_j(mask) = v (one_j - z_j) sum_{S without j} |S|! (k - |S| - 1)! / k! prod_{i in S} one_i prod_{i not in S} z_i
 *
 * and, the sum depending on the agreeing features M other than j only through
 * E(M) = sum_d d! (k - d - 1)! / k! [t^d] prod_{i in M} (z_i + t) and Z(M) = prod_{i not in M} z_i,
 *
 *   phi_j(mask) = -v Z(mask) E(mask) where j is not in the mask, v (1 - z_j) Z(mask) E(mask without j) where it is.
 *
 * Nothing is divided and all terms of E have one sign, so no digits are lost.
 *
 * @param value the leaf's value v
 * @param zeros f64 by feature: z
 * @param weights f64: s! (k - 1 - s)! / k! for s = 0 .. k - 1, then 0
 * @param table output, f64, k * 2^k
 * @param scratch (k + 3) * 2^k f64: polynomials, E and Z
 */
export function fillLeafTable(
  value: f64,
  zeros: usize,
  k: u32,
  weights: usize,
  table: usize,
  scratch: usize,
): void {
  const cases: u32 = 1 << k;
  const line = (k + 1) << 3;
  const sums = scratch + <usize>cases * line;
  const products = at(sums, cases);
  expandAll(zeros, k, weights, scratch, sums);
  multiplyMissing(zeros, k, products);
  for (let j: u32 = 0; j < k; j++) {
    const bit: u32 = 1 << j;
    const agreeing = value * (1 - load<f64>(at(zeros, j)));
    const row = at(table, j * cases);
    for (let mask: u32 = 0; mask < cases; mask++) {
      const share = load<f64>(at(products, mask)) * load<f64>(at(sums, mask & ~bit));
      store<f64>(at(row, mask), (mask & bit ? agreeing : -value) * share);
    }
  }
}

/** Polynomials prod_{i in M} (z_i + t) of all masks, each from that without its lowest feature, and E(M). */
function expandAll(zeros: usize, k: u32, weights: usize, polynomials: usize, sums: usize): void {
  const cases: u32 = 1 << k;
  const line = (<usize>(k + 1)) << 3;
  memory.fill(polynomials, 0, line);
  store<f64>(polynomials, 1);
  store<f64>(sums, load<f64>(weights));
  for (let mask: u32 = 1; mask < cases; mask++) {
    const zero = load<f64>(at(zeros, ctz(mask)));
    const from = polynomials + <usize>(mask & (mask - 1)) * line;
    const to = polynomials + <usize>mask * line;
    let before: f64 = 0;
    let sum: f64 = 0;
    for (let d: u32 = 0; d <= k; d++) {
      const coefficient = load<f64>(at(from, d));
      const made = coefficient * zero + before;
      store<f64>(at(to, d), made);
      sum += made * load<f64>(at(weights, d));
      before = coefficient;
    }
    store<f64>(at(sums, mask), sum);
  }
}

/** Z(M) of all masks, from the full one down: adding back the lowest feature that is missing. */
function multiplyMissing(zeros: usize, k: u32, products: usize): void {
  const full: u32 = (1 << k) - 1;
  store<f64>(at(products, full), 1);
  for (let mask: i32 = <i32>full - 1; mask >= 0; mask--) {
    const missing = ctz(~mask);
    store<f64>(
      at(products, mask),
      load<f64>(at(products, mask | (1 << missing))) * load<f64>(at(zeros, missing)),
    );
  }
}
