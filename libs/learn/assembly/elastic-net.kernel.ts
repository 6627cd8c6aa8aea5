// Elastic-net path by covariance updates (Friedman, Hastie & Tibshirani 2010, doi 10.18637/jss.v033.i01) on a
// correlation matrix that is put together, column by column as variables enter, from int16 blocks.
// No state: every scratch area is passed in by address and belongs to one thread.

@inline
function at4(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/**
 * One column of a subsample's correlation matrix:
 * c[k] = (sum over blocks of q[j][k] norm[j] norm[k] / 32767 / rows - mean[j] mean[k]) inverse[j] inverse[k].
 *
 * @param blocks u32 pairs: address of the block's int16 square and of its float32 norms
 */
export function assembleColumn(
  blocks: usize,
  blockCount: i32,
  pitch: i32,
  j: i32,
  inverseRows: f32,
  mean: usize,
  inverse: usize,
  out: usize,
): void {
  const meanJ = f32x4.splat(load<f32>(at4(mean, j)));
  const inverseJ = f32x4.splat(load<f32>(at4(inverse, j)));
  for (let k = 0; k < pitch; k += 8) {
    let low = f32x4.splat(0),
      high = low;
    for (let b = 0; b < blockCount; b++) {
      const square = <usize>load<u32>(blocks + ((<usize>b) << 3));
      const norm = <usize>load<u32>(blocks + ((<usize>b) << 3), 4);
      const scale = f32x4.splat((load<f32>(at4(norm, j)) * inverseRows) / 32767);
      const q = v128.load(square + ((<usize>j * pitch + k) << 1));
      low = f32x4.add(
        low,
        f32x4.mul(
          f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(q)), scale),
          v128.load(at4(norm, k)),
        ),
      );
      high = f32x4.add(
        high,
        f32x4.mul(
          f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(q)), scale),
          v128.load(at4(norm, k), 16),
        ),
      );
    }
    low = f32x4.sub(low, f32x4.mul(meanJ, v128.load(at4(mean, k))));
    high = f32x4.sub(high, f32x4.mul(meanJ, v128.load(at4(mean, k), 16)));
    v128.store(at4(out, k), f32x4.mul(f32x4.mul(low, inverseJ), v128.load(at4(inverse, k))));
    v128.store(at4(out, k), f32x4.mul(f32x4.mul(high, inverseJ), v128.load(at4(inverse, k), 16)), 16);
  }
}

/** Variable outside the active set with the largest |gradient| above `least`, or -1. */
function largestViolation(gradient: usize, usable: usize, pitch: i32, least: f32): i32 {
  let best = -1;
  let bound = f32x4.splat(least);
  let largest = least;
  for (let k = 0; k < pitch; k += 4) {
    if (!v128.any_true(f32x4.gt(f32x4.abs(v128.load(at4(gradient, k))), bound))) continue;
    for (let lane = k; lane < k + 4; lane++) {
      const size = abs(load<f32>(at4(gradient, lane)));
      if (size > largest && load<u8>(usable + lane)) {
        largest = size;
        best = lane;
        bound = f32x4.splat(size);
      }
    }
  }
  return best;
}

/** Coordinate descent over the active set until no coefficient moves by more than `tolerance`. */
function settle(
  active: i32,
  limit: i32,
  inner: usize,
  beta: usize,
  gradient: usize,
  l1: f32,
  l2: f32,
  tolerance: f32,
): void {
  for (let sweep = 0; sweep < 1000; sweep++) {
    let moved: f32 = 0;
    for (let a = 0; a < active; a++) {
      const row = inner + ((<usize>a * limit) << 2);
      const diagonal = load<f32>(at4(row, a));
      const old = load<f32>(at4(beta, a));
      const z = load<f32>(at4(gradient, a)) + diagonal * old;
      const shrunk: f32 = z > l1 ? z - l1 : z < -l1 ? z + l1 : 0;
      const value = shrunk / (diagonal + l2);
      const change = value - old;
      if (change == 0) continue;
      store<f32>(at4(beta, a), value);
      for (let c = 0; c < active; c++) {
        const at = at4(gradient, c);
        store<f32>(at, load<f32>(at) - change * load<f32>(at4(row, c)));
      }
      moved = max(moved, abs(change) * diagonal);
    }
    if (moved <= tolerance) return;
  }
}

/**
 * Follows the path from the largest useful penalty down until `limit` variables have entered.
 *
 * Minimises b'Cb / 2 - b'v + penalty (alpha |b|_1 + (1 - alpha) / 2 |b|_2^2). When several variables break the
 * optimality condition at one penalty, the one with the largest gradient enters first.
 *
 * @param correlation float32 [pitch], v; its entries of unusable variables are ignored
 * @param usable u8 [pitch], set to 0 for variables that entered
 * @param gradient float32 [pitch] scratch, @param columns float32 [limit][pitch] scratch
 * @param inner float32 [limit][limit] scratch, @param work float32 [3][limit] scratch: its first row is left
 *   with the coefficients in order of entry
 * @param order i32 [limit], out: variables in order of entry
 * @param penalties float32 [limit], out: the penalty at which each entered
 * @param ratio of one penalty to the one before, @param steps most penalties
 * @returns how many entered
 */
export function entryPath(
  blocks: usize,
  blockCount: i32,
  pitch: i32,
  inverseRows: f32,
  mean: usize,
  inverse: usize,
  correlation: usize,
  usable: usize,
  gradient: usize,
  columns: usize,
  inner: usize,
  work: usize,
  order: usize,
  penalties: usize,
  limit: i32,
  alpha: f32,
  ratio: f32,
  steps: i32,
): i32 {
  const beta = work,
    settled = at4(work, limit),
    local = at4(work, 2 * limit);
  memory.copy(gradient, correlation, (<usize>pitch) << 2);
  const first = largestViolation(gradient, usable, pitch, 0);
  if (first < 0 || limit < 1) return 0;
  let penalty: f32 = abs(load<f32>(at4(gradient, first))) / alpha;
  let active = 0;
  for (let step = 0; step < steps; step++, penalty *= ratio) {
    const l1 = penalty * alpha,
      l2 = penalty * (1 - alpha);
    // The first variable sits exactly on its bound at the first penalty.
    const least = step == 0 ? l1 * <f32>0.999999 : l1;
    while (true) {
      for (let a = 0; a < active; a++)
        store<f32>(at4(local, a), load<f32>(at4(gradient, load<i32>(at4(order, a)))));
      settle(active, limit, inner, beta, local, l1, l2, <f32>1e-4 * l1);
      for (let a = 0; a < active; a++) {
        const change = load<f32>(at4(beta, a)) - load<f32>(at4(settled, a));
        if (change == 0) continue;
        store<f32>(at4(settled, a), load<f32>(at4(beta, a)));
        const column = columns + ((<usize>a * pitch) << 2);
        const factor = f32x4.splat(change);
        for (let k = 0; k < pitch; k += 4) {
          const to = at4(gradient, k);
          v128.store(to, f32x4.sub(v128.load(to), f32x4.mul(factor, v128.load(at4(column, k)))));
        }
      }
      const next = largestViolation(gradient, usable, pitch, least);
      if (next < 0) break;
      store<u8>(usable + next, 0);
      store<i32>(at4(order, active), next);
      store<f32>(at4(penalties, active), penalty);
      const column = columns + ((<usize>active * pitch) << 2);
      assembleColumn(blocks, blockCount, pitch, next, inverseRows, mean, inverse, column);
      for (let a = 0; a <= active; a++) {
        const value = load<f32>(at4(column, load<i32>(at4(order, a))));
        store<f32>(at4(inner + ((<usize>a * limit) << 2), active), value);
        store<f32>(at4(inner + ((<usize>active * limit) << 2), a), value);
      }
      store<f32>(at4(beta, active), 0);
      store<f32>(at4(settled, active), 0);
      active++;
      if (active == limit) return active;
    }
  }
  return active;
}
