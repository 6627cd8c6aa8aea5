@inline
function at(base: usize, i: u32): usize {
  return base + ((<usize>i) << 3);
}

/**
 * Fills table[j][mask] for one leaf: the contribution of feature j to a row that agrees with the path in the
 * features of `mask`, averaged over background rows. A background row that agrees in the features b counts
 * only when mask and b together are all k features; with A = mask \ b and B = b \ mask it gives
 * (Lundberg et al. 2020; Laberge & Pequignot 2022)
 *
 *   v (|A| - 1)! |B|! / (|A| + |B|)! to each feature of A, -v |A|! (|B| - 1)! / (|A| + |B|)! to each of B.
 *
 * So only how many such b there are of each size matters: F[u][p] = #{b of p features that contain u}, from
 * which those that contain j are taken away. Counts are whole numbers, so nothing is lost in that.
 *
 * @param value the leaf's value v divided by the number of background rows
 * @param counts uint32 by mask: background rows that agree in exactly these features
 * @param weights f64 [a][b], k + 1 each: a! b! / (a + b + 1)!
 * @param table output, f64, k * 2^k
 * @param scratch (k + 1) * 2^k f64: F
 */
export function fillInterventionalTable(
  value: f64,
  counts: usize,
  k: u32,
  weights: usize,
  table: usize,
  scratch: usize,
): void {
  const cases: u32 = 1 << k;
  const sizes = k + 1;
  countSupersets(counts, k, scratch);
  for (let mask: u32 = 0; mask < cases; mask++) {
    const missing = (cases - 1) & ~mask;
    const b = <u32>popcnt(missing);
    const line = at(scratch, missing * sizes);
    let against: f64 = 0;
    // A background row of p features leaves k - p of the mask's features to A.
    if (b > 0) {
      for (let p: u32 = b; p <= k; p++)
        against += load<f64>(at(line, p)) * load<f64>(at(weights, (k - p) * sizes + b - 1));
    }
    for (let j: u32 = 0; j < k; j++) {
      const bit: u32 = 1 << j;
      let share = -value * against;
      if (mask & bit) {
        const with_ = at(scratch, (missing | bit) * sizes);
        share = 0;
        for (let p: u32 = b; p < k; p++) {
          const without = load<f64>(at(line, p)) - load<f64>(at(with_, p));
          share += without * load<f64>(at(weights, (k - p - 1) * sizes + b));
        }
        share *= value;
      }
      store<f64>(at(table, j * cases + mask), share);
    }
  }
}

/** F[u][p]: the zeta transform over supersets, kept apart by size. */
function countSupersets(counts: usize, k: u32, sums: usize): void {
  const cases: u32 = 1 << k;
  const sizes = k + 1;
  memory.fill(sums, 0, (<usize>(cases * sizes)) << 3);
  for (let mask: u32 = 0; mask < cases; mask++) {
    const size = <u32>popcnt(mask);
    store<f64>(at(sums, mask * sizes + size), <f64>load<u32>(counts + ((<usize>mask) << 2)));
  }
  for (let j: u32 = 0; j < k; j++) {
    const bit: u32 = 1 << j;
    for (let mask: u32 = 0; mask < cases; mask++) {
      if (mask & bit) continue;
      const to = at(sums, mask * sizes);
      const from = at(sums, (mask | bit) * sizes);
      for (let p: u32 = 0; p <= k; p++) store<f64>(at(to, p), load<f64>(at(to, p)) + load<f64>(at(from, p)));
    }
  }
}
