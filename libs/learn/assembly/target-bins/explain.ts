// Least squares of a target on a column's standardised values and on contrasts of its bins, from sums by bin.

/** A regressor of which less than this share of its rows' square is left after those before it is left out. */
const LEAST_PIVOT: f64 = 1e-3;
/** Regressors: the straight line, three curved contrasts, missing or not. */
const SIZE: i32 = 5;

@inline
function total(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) +
    <f64>f32x4.extract_lane(v, 1) +
    <f64>f32x4.extract_lane(v, 2) +
    <f64>f32x4.extract_lane(v, 3)
  );
}

/** Cell (i, j) of the products, i >= j: float64 [5][5]. */
@inline
function cell(products: usize, i: i32, j: i32): usize {
  return products + ((<usize>(i * SIZE + j)) << 3);
}

/**
 * The regressors enter in order, the target's mean before them, so that what a contrast explains is what the
 * straight line leaves.
 *
 * @param sums float32 [pitch] of the target by bin, @param rows float32 [pitch]
 * @param contrasts float32 [5][pitch]: standardised value, three curved contrasts, and 1 for bin 0 if whether a
 *   value is missing is a contrast; all 0 for one that the column does not have
 * @param moments float64 pair: rows and sum of the target
 * @param out float64 [5]: inner product of standardised value and target; sum of standardised values; square
 *   that the line explains; square that contrasts explain beyond it; contrasts that did. Followed by 280 bytes
 *   of scratch
 */
export function explain(
  sums: usize,
  rows: usize,
  contrasts: usize,
  pitch: usize,
  moments: usize,
  out: usize,
): void {
  const target = out + 40,
    sum = target + 40,
    products = sum + 40;
  multiply(sums, rows, contrasts, pitch, target, sum, products);
  store<f64>(out, load<f64>(target));
  store<f64>(out, load<f64>(sum), 8);
  const count = load<f64>(moments);
  const mean = load<f64>(moments, 8) / count;
  for (let i = 0; i < SIZE; i++) {
    const own = load<f64>(sum + ((<usize>i) << 3));
    store<f64>(target + ((<usize>i) << 3), load<f64>(target + ((<usize>i) << 3)) - mean * own);
    for (let j = 0; j <= i; j++) {
      store<f64>(
        cell(products, i, j),
        load<f64>(cell(products, i, j)) - (own * load<f64>(sum + ((<usize>j) << 3))) / count,
      );
    }
  }
  let line = 0.0,
    curved = 0.0,
    used = 0.0;
  for (let j = 0; j < SIZE; j++) {
    const pivot = load<f64>(cell(products, j, j));
    if (!(pivot > LEAST_PIVOT * count)) continue;
    const left = load<f64>(target + ((<usize>j) << 3));
    if (j == 0) line = (left * left) / pivot;
    else {
      curved += (left * left) / pivot;
      used += 1;
    }
    for (let i = j + 1; i < SIZE; i++) {
      const factor = load<f64>(cell(products, i, j)) / pivot;
      const to = target + ((<usize>i) << 3);
      store<f64>(to, load<f64>(to) - factor * left);
      for (let k = j + 1; k <= i; k++) {
        store<f64>(
          cell(products, i, k),
          load<f64>(cell(products, i, k)) - factor * load<f64>(cell(products, k, j)),
        );
      }
    }
  }
  store<f64>(out, line, 16);
  store<f64>(out, curved, 24);
  store<f64>(out, used, 32);
}

/** Inner products of the regressors with the target, their sums, and their products among each other. */
function multiply(
  sums: usize,
  rows: usize,
  contrasts: usize,
  pitch: usize,
  target: usize,
  sum: usize,
  products: usize,
): void {
  const width = pitch << 2;
  let y0 = f32x4.splat(0),
    y1 = y0,
    y2 = y0,
    y3 = y0,
    s0 = y0,
    s1 = y0,
    s2 = y0,
    s3 = y0;
  let p00 = y0,
    p10 = y0,
    p11 = y0,
    p20 = y0,
    p21 = y0,
    p22 = y0,
    p30 = y0,
    p31 = y0,
    p32 = y0,
    p33 = y0;
  for (let at: usize = 0; at < width; at += 16) {
    const y = v128.load(sums + at),
      n = v128.load(rows + at);
    const from = contrasts + at;
    const c0 = v128.load(from),
      c1 = v128.load(from + width),
      c2 = v128.load(from + 2 * width),
      c3 = v128.load(from + 3 * width);
    const n0 = f32x4.mul(n, c0),
      n1 = f32x4.mul(n, c1),
      n2 = f32x4.mul(n, c2),
      n3 = f32x4.mul(n, c3);
    y0 = f32x4.add(y0, f32x4.mul(y, c0));
    y1 = f32x4.add(y1, f32x4.mul(y, c1));
    y2 = f32x4.add(y2, f32x4.mul(y, c2));
    y3 = f32x4.add(y3, f32x4.mul(y, c3));
    s0 = f32x4.add(s0, n0);
    s1 = f32x4.add(s1, n1);
    s2 = f32x4.add(s2, n2);
    s3 = f32x4.add(s3, n3);
    p00 = f32x4.add(p00, f32x4.mul(n0, c0));
    p10 = f32x4.add(p10, f32x4.mul(n1, c0));
    p11 = f32x4.add(p11, f32x4.mul(n1, c1));
    p20 = f32x4.add(p20, f32x4.mul(n2, c0));
    p21 = f32x4.add(p21, f32x4.mul(n2, c1));
    p22 = f32x4.add(p22, f32x4.mul(n2, c2));
    p30 = f32x4.add(p30, f32x4.mul(n3, c0));
    p31 = f32x4.add(p31, f32x4.mul(n3, c1));
    p32 = f32x4.add(p32, f32x4.mul(n3, c2));
    p33 = f32x4.add(p33, f32x4.mul(n3, c3));
  }
  store<f64>(target, total(y0));
  store<f64>(target, total(y1), 8);
  store<f64>(target, total(y2), 16);
  store<f64>(target, total(y3), 24);
  store<f64>(sum, total(s0));
  store<f64>(sum, total(s1), 8);
  store<f64>(sum, total(s2), 16);
  store<f64>(sum, total(s3), 24);
  store<f64>(cell(products, 0, 0), total(p00));
  store<f64>(cell(products, 1, 0), total(p10));
  store<f64>(cell(products, 1, 1), total(p11));
  store<f64>(cell(products, 2, 0), total(p20));
  store<f64>(cell(products, 2, 1), total(p21));
  store<f64>(cell(products, 2, 2), total(p22));
  store<f64>(cell(products, 3, 0), total(p30));
  store<f64>(cell(products, 3, 1), total(p31));
  store<f64>(cell(products, 3, 2), total(p32));
  store<f64>(cell(products, 3, 3), total(p33));
  // Missing values share bin 0, where the other regressors are 0.
  const flag = <f64>load<f32>(contrasts + 4 * width);
  const missing = <f64>load<f32>(rows);
  store<f64>(target, flag * <f64>load<f32>(sums), 32);
  store<f64>(sum, flag * missing, 32);
  for (let j = 0; j < 4; j++) store<f64>(cell(products, 4, j), 0);
  store<f64>(cell(products, 4, 4), flag * flag * missing);
}
