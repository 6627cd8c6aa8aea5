/**
 * Words of an edge (uint32), 32 bytes: node it leaves from, 255 when it goes left (else 0), 1 + the edge above
 * (0: the root), 1 + the nearest edge above of the same column (0: none), address of the column's f64 output,
 * 1 when it ends in a leaf, then the leaf's value (f64).
 */
const EDGE: usize = 32;

/** States of an edge: the row disagrees with one above of the same column, with this one only, or with none. */
const STATES: u32 = 3;
const AGREES: u32 = 2;

/** Product of the factors of all edges down to each edge, at every point; times the leaf's value at a leaf. */
@inline
function descend(
  decisions: usize,
  stride: u32,
  edges: usize,
  edgeCount: u32,
  coefficients: usize,
  line: usize,
  states: usize,
  values: usize,
): void {
  for (let e: u32 = 0; e < edgeCount; e++) {
    const edge = edges + <usize>e * EDGE;
    const same = load<u32>(edge, 12);
    const above: u32 = same == 0 ? 1 : <u32>(<u32>load<u8>(states + <usize>same - 1) == AGREES);
    const decision = <u32>load<u8>(decisions + <usize>load<u32>(edge) * stride);
    const state = above + (above & <u32>(decision == load<u32>(edge, 4)));
    store<u8>(states + e, <u8>state);
    const ratios = coefficients + <usize>(e * STATES + state) * 2 * line;
    const to = values + <usize>e * line;
    const parent = load<u32>(edge, 8);
    const value = f64x2.splat(load<u32>(edge, 20) ? load<f64>(edge, 24) : 1);
    if (parent == 0) {
      for (let q: usize = 0; q < line; q += 16) v128.store(to + q, f64x2.mul(value, v128.load(ratios + q)));
      continue;
    }
    const from = values + <usize>(parent - 1) * line;
    for (let q: usize = 0; q < line; q += 16) {
      v128.store(to + q, f64x2.mul(value, f64x2.mul(v128.load(from + q), v128.load(ratios + q))));
    }
  }
}

/** Sums of leaves below each edge, and what they contribute to the edge's column. */
@inline
function ascend(
  edges: usize,
  edgeCount: u32,
  coefficients: usize,
  line: usize,
  states: usize,
  values: usize,
  offset: usize,
): void {
  for (let e: i32 = <i32>edgeCount - 1; e >= 0; e--) {
    const edge = edges + <usize>e * EDGE;
    const shares = coefficients + <usize>((<u32>e * STATES + <u32>load<u8>(states + e)) * 2 + 1) * line;
    const from = values + <usize>e * line;
    let sum = f64x2.splat(0);
    for (let q: usize = 0; q < line; q += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(from + q), v128.load(shares + q)));
    }
    const output = <usize>load<u32>(edge, 16) + offset;
    store<f64>(output, load<f64>(output) + f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    const parent = load<u32>(edge, 8);
    if (parent == 0) continue;
    const to = values + <usize>(parent - 1) * line;
    // Right edges come first on the way up: they overwrite what the way down left, left edges add.
    if (load<u32>(edge, 4) == 0) memory.copy(to, from, line);
    else
      for (let q: usize = 0; q < line; q += 16)
        v128.store(to + q, f64x2.add(v128.load(to + q), v128.load(from + q)));
  }
}

/**
 * Adds the path-dependent SHAP values of one tree of any depth to rows. With z_i the share of training rows
 * that follow the path at the nodes of its i-th distinct column, and s! (k - 1 - s)! / k! =
 * integral_0^1 t^s (1 - t)^(k - 1 - s) dt, a leaf of value v contributes
 *
 *   phi_j = v (one_j - z_j) integral_0^1 prod_{i not j} (z_i (1 - t) + one_i t) dt,
 *
 * a polynomial of degree k - 1, which Gauss-Legendre quadrature integrates exactly at k / 2 points. Products
 * and sums over leaves are shared between the leaves below an edge (as in Linear TreeSHAP, Yu et al. 2022), and
 * all factors are positive, so no digits are lost.
 *
 * @param decisions bytes by node and row, `stride` bytes a node: 255 left, 0 right
 * @param count rows
 * @param edges all edges, each before those below it, left before right
 * @param coefficients f64 [edge][state][ratio, share][points], see DeepShap
 * @param points number of quadrature points, even
 * @param offset bytes from the start of an output column to the first row
 * @param states scratch, one byte an edge
 * @param values scratch, `points` f64 an edge
 */
export function addDeepTree(
  decisions: usize,
  stride: u32,
  count: u32,
  edges: usize,
  edgeCount: u32,
  coefficients: usize,
  points: u32,
  offset: usize,
  states: usize,
  values: usize,
): void {
  const line = (<usize>points) << 3;
  for (let row: u32 = 0; row < count; row++) {
    descend(decisions + row, stride, edges, edgeCount, coefficients, line, states, values);
    ascend(edges, edgeCount, coefficients, line, states, values, offset + ((<usize>row) << 3));
  }
}
