/**
 * Arithmetic shared by the split searches. Sums are whole numbers in f64 (quantised gradients and
 * hessians), so sums and differences are exact; l1 and l2 come in the same units. The score of a leaf
 * is T(G)^2 / (H + l2) with T the soft threshold by l1 (Chen & Guestrin 2016, eq. 6; Friedman 2001).
 */

/**
 * Type arguments that stand for a compile-time constant (AssemblyScript has no constant parameters):
 * whether there is an l1 penalty. Without one, soft thresholds are left out of the loops.
 */
export type WithL1 = f64;
export type WithoutL1 = i32;

/**
 * Soft threshold: moves each lane towards 0 by l1, at most to 0. No lane is NaN, so the one-instruction
 * pmin and pmax do.
 */
@inline
function shrink2<L1>(gradient: v128, l1: v128, minusL1: v128): v128 {
  if (!isFloat<L1>()) return gradient;
  return f64x2.sub(gradient, f64x2.pmin(l1, f64x2.pmax(minusL1, gradient)));
}

@inline
export function shrink(gradient: f64, l1: f64): f64 {
  return gradient - Math.min(Math.max(gradient, -l1), l1);
}

/** Prefix sums of the two packed cells at `at`, continued from `before` (both lanes the same sum). */
@inline
export function prefix2(at: usize, before: v128): v128 {
  // The cell before `at` is masked away again; reading it takes the place of a shuffle.
  const shifted = v128.and(v128.load(at - 8), i64x2(0, -1));
  return i64x2.add(before, i64x2.add(v128.load(at), shifted));
}

@inline
export function lastLane(sums: v128): v128 {
  return i8x16.shuffle(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

@inline
export function gradients2(sums: v128): v128 {
  const high = i8x16.shuffle(sums, sums, 4, 5, 6, 7, 12, 13, 14, 15, 4, 5, 6, 7, 12, 13, 14, 15);
  return f64x2.convert_low_i32x4_s(high);
}

@inline
export function hessians2(sums: v128): v128 {
  const low = i8x16.shuffle(sums, sums, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
  return f64x2.convert_low_i32x4_u(low);
}

@inline
export function gradientOf(sum: i64): f64 {
  return <f64>(<i32>(sum >> 32));
}

@inline
export function hessianOf(sum: i64): f64 {
  return <f64>(<u32>sum);
}

/**
 * Children's score of two splits at once over a common denominator (one division), 0 where a child's
 * hessian is under `minimum`.
 */
@inline
export function childScores2<L1>(
  leftG: v128,
  leftH: v128,
  totalG: v128,
  totalH: v128,
  l1: v128,
  minusL1: v128,
  l2: v128,
  minimum: v128,
): v128 {
  const rightH = f64x2.sub(totalH, leftH);
  const g = shrink2<L1>(leftG, l1, minusL1);
  const h = shrink2<L1>(f64x2.sub(totalG, leftG), l1, minusL1);
  const a = f64x2.add(leftH, l2);
  const b = f64x2.add(rightH, l2);
  const score = f64x2.div(
    f64x2.add(f64x2.mul(f64x2.mul(g, g), b), f64x2.mul(f64x2.mul(h, h), a)),
    f64x2.mul(a, b),
  );
  return v128.and(score, v128.and(f64x2.ge(leftH, minimum), f64x2.ge(rightH, minimum)));
}

/** One split of `childScores2`, by the same operations, so that both give the same number. */
@inline
export function childScore(
  leftG: f64,
  leftH: f64,
  totalG: f64,
  totalH: f64,
  l1: f64,
  l2: f64,
  minimum: f64,
): f64 {
  const rightH = totalH - leftH;
  if (!(leftH >= minimum && rightH >= minimum)) return 0;
  const g = shrink(leftG, l1);
  const h = shrink(totalG - leftG, l1);
  const a = leftH + l2;
  const b = rightH + l2;
  return (g * g * b + h * h * a) / (a * b);
}

/** Where a search leaves its best split: six f64, `SCORE` being both input (to beat) and output. */
export const SCORE: usize = 0;
export const SLOT: usize = 8;
export const BIN: usize = 16;
export const MISSING_LEFT: usize = 24;
export const LEFT_GRADIENT: usize = 32;
export const LEFT_HESSIAN: usize = 40;

@inline
export function writeBest(
  best: usize,
  score: f64,
  slot: u32,
  bin: u32,
  missingLeft: u32,
  leftG: f64,
  leftH: f64,
): void {
  store<f64>(best, score, SCORE);
  store<f64>(best, <f64>slot, SLOT);
  store<f64>(best, <f64>bin, BIN);
  store<f64>(best, <f64>missingLeft, MISSING_LEFT);
  store<f64>(best, leftG, LEFT_GRADIENT);
  store<f64>(best, leftH, LEFT_HESSIAN);
}
