// Statistics of columns in a subsample (a union of blocks of time) and in its complement.
import { explain } from './explain';

/** Float64 lanes that a side has for every column. */
const LANES: usize = 7;

/** Sums and rows of one column's bins over the blocks of one side: float32 [pitch] each. */
function collapse(
  sums: usize,
  counts: usize,
  blocks: i32,
  bins: i32,
  inside: usize,
  side: i32,
  pitch: usize,
  into: usize,
): void {
  const rows = into + (pitch << 2);
  memory.fill(into, 0, pitch << 3);
  const whole = bins & ~3;
  for (let block = 0; block < blocks; block++) {
    if (<i32>load<u8>(inside + block) != side) continue;
    const from = (<usize>block * bins) << 2;
    for (let bin = 0; bin < whole; bin += 4) {
      const at = (<usize>bin) << 2;
      v128.store(into + at, f32x4.add(v128.load(into + at), v128.load(sums + from + at)));
      v128.store(
        rows + at,
        f32x4.add(v128.load(rows + at), f32x4.convert_i32x4_s(v128.load(counts + from + at))),
      );
    }
    for (let bin = whole; bin < bins; bin++) {
      const at = (<usize>bin) << 2;
      store<f32>(into + at, load<f32>(into + at) + load<f32>(sums + from + at));
      store<f32>(rows + at, load<f32>(rows + at) + <f32>load<i32>(counts + from + at));
    }
  }
}

/**
 * @param sums float32 [column][block][bins] of the target, @param counts i32, alike
 * @param inside u8 a block: 1 in the subsample, 0 in the complement, 2 in neither
 * @param contrasts float32 [column][5][pitch], see explain.ts; pitch is `bins` rounded up to four
 * @param moments float64 [2][2]: rows and sum of the target, of subsample and complement
 * @param scratch 8 pitch + 320 bytes
 * @param out float64 [2][7][columns]: for subsample and complement, sum over bins of (sum of target)^2 / rows;
 *   bins with rows; inner product of standardised value and target; sum of standardised values; square that the
 *   straight line explains; square that the curved contrasts explain beyond it; contrasts that did
 */
export function subsampleStatistics(
  sums: usize,
  counts: usize,
  columns: i32,
  blocks: i32,
  bins: i32,
  inside: usize,
  contrasts: usize,
  moments: usize,
  scratch: usize,
  out: usize,
): void {
  const pitch = <usize>((bins + 3) & ~3);
  const room = scratch + (pitch << 3);
  const lane = (<usize>columns) << 3;
  for (let column = 0; column < columns; column++) {
    const at = (<usize>column * blocks * bins) << 2;
    const contrast = contrasts + <usize>column * 5 * pitch * 4;
    for (let side = 1; side >= 0; side--) {
      collapse(sums + at, counts + at, blocks, bins, inside, side, pitch, scratch);
      const rows = scratch + (pitch << 2);
      let square = 0.0,
        used = 0.0;
      for (let bin = 0; bin < bins; bin++) {
        const count = <f64>load<f32>(rows + ((<usize>bin) << 2));
        if (count == 0) continue;
        const sum = <f64>load<f32>(scratch + ((<usize>bin) << 2));
        square += (sum * sum) / count;
        used += 1;
      }
      const other = <usize>(1 - side);
      explain(scratch, rows, contrast, pitch, moments + (other << 4), room);
      const to = out + ((<usize>column) << 3) + other * LANES * lane;
      store<f64>(to, square);
      store<f64>(to + lane, used);
      for (let k: usize = 0; k < 5; k++) store<f64>(to + (2 + k) * lane, load<f64>(room + (k << 3)));
    }
  }
}
