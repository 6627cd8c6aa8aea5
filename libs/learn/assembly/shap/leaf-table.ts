@inline
function at(base: usize, i: u32): usize {
  return base + (<usize>i << 3);
}

/** Coefficients of prod_i (zero_i + one_i t), one_i being bit i of the mask. */
@inline
function expand(zeros: usize, k: u32, mask: u32, polynomial: usize): void {
  store<f64>(polynomial, 1);
  for (let i: u32 = 0; i < k; i++) {
    const zero = load<f64>(at(zeros, i));
    const one = <f64>((mask >> i) & 1);
    store<f64>(at(polynomial, i + 1), load<f64>(at(polynomial, i)) * one);
    for (let d = i; d > 0; d--) {
      store<f64>(at(polynomial, d), load<f64>(at(polynomial, d)) * zero + load<f64>(at(polynomial, d - 1)) * one);
    }
    store<f64>(polynomial, load<f64>(polynomial) * zero);
  }
}

/** sum_d weights_d q_d, where q (zero + one t) = polynomial. */
@inline
function weighWithout(zero: f64, one: bool, k: u32, polynomial: usize, weights: usize): f64 {
  let sum: f64 = 0;
  if (one) {
    // Division from the top: q_{k-1} = c_k, q_{d-1} = c_d - zero q_d; stable because zero <= 1.
    let q = load<f64>(at(polynomial, k));
    for (let d = k; d > 0; d--) {
      sum += q * load<f64>(at(weights, d - 1));
      q = load<f64>(at(polynomial, d - 1)) - zero * q;
    }
    return sum;
  }
  for (let d: u32 = 0; d < k; d++) sum += load<f64>(at(polynomial, d)) * load<f64>(at(weights, d));
  return sum / zero;
}

/**
 * Fills table[j][mask] for one leaf: the contribution of feature j to a row that agrees with the path in
 * the features of `mask`, value (one_j - zero_j) sum_{S without j} |S|! (k - |S| - 1)! / k!
 * prod_{i in S} one_i prod_{i not in S} zero_i.
 *
 * @param value the leaf's value
 * @param zeros f64 by feature: share of the training rows that follow the path at the feature's nodes
 * @param weights f64: s! (k - 1 - s)! / k! for s = 0 .. k - 1
 * @param table output, f64, k * 2^k
 * @param polynomial scratch of k + 1 f64
 */
export function fillLeafTable(value: f64, zeros: usize, k: u32, weights: usize, table: usize, polynomial: usize): void {
  const cases: u32 = 1 << k;
  for (let mask: u32 = 0; mask < cases; mask++) {
    expand(zeros, k, mask, polynomial);
    for (let j: u32 = 0; j < k; j++) {
      const zero = load<f64>(at(zeros, j));
      const one = (mask >> j) & 1;
      const factor = value * (<f64>one - zero);
      // Where a feature's nodes let every row pass, or none, it has no say and zero may not be divided by.
      const share = factor == 0 ? 0 : weighWithout(zero, one != 0, k, polynomial, weights);
      store<f64>(at(table, j * cases + mask), factor * share);
    }
  }
}
