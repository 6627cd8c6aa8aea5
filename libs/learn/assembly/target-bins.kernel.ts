// Sums of a target over the bins of columns, by block of rows, and what subsamples make of them.
// No state: every scratch area is passed in by address and belongs to one thread.
export { subsampleStatistics } from './target-bins/subsample-statistics';

/**
 * Adds the target of rows [begin, end) to its bin's cell.
 *
 * @param column address of row 0 of the column (rows are 8 bytes apart)
 * @param target float64 pairs a row: two targets, both 0 where absent
 * @param present u8 a row: 1 where the target counts
 * @param sums float64 pairs [bins], added to, @param counts i32 [bins], added to
 */
export function sumByBin(
  column: usize,
  begin: i32,
  end: i32,
  target: usize,
  present: usize,
  sums: usize,
  counts: usize,
): void {
  for (let row = begin; row < end; row++) {
    const bin = <usize>load<u8>(column + ((<usize>row) << 3));
    const cell = sums + (bin << 4);
    v128.store(cell, f64x2.add(v128.load(cell), v128.load(target + ((<usize>row) << 4))));
    const count = counts + (bin << 2);
    store<i32>(count, load<i32>(count) + <i32>load<u8>(present + <usize>row));
  }
}

/**
 * Sums two targets at once over the bins of rows [begin, end), and adds to `squares` (float64 pair), for each
 * of `pieces` equal pieces of the rows, the square of the inner product of table values and targets.
 *
 * @param table int16 [bins], @param target float64 pairs a row, 0 where absent
 * @param sums float64 pairs [bins], added to
 */
export function sumPieces(
  column: usize,
  table: usize,
  begin: i32,
  end: i32,
  pieces: i32,
  target: usize,
  sums: usize,
  squares: usize,
): void {
  let row = begin;
  let total = v128.load(squares);
  for (let piece = 1; piece <= pieces; piece++) {
    const last = begin + <i32>((<i64>(end - begin) * piece) / pieces);
    let inner = f64x2.splat(0);
    for (; row < last; row++) {
      const bin = <usize>load<u8>(column + ((<usize>row) << 3));
      const cell = sums + (bin << 4);
      const y = v128.load(target + ((<usize>row) << 4));
      v128.store(cell, f64x2.add(v128.load(cell), y));
      inner = f64x2.add(inner, f64x2.mul(y, f64x2.splat(<f64>load<i16>(table + (bin << 1)))));
    }
    total = f64x2.add(total, f64x2.mul(inner, inner));
  }
  v128.store(squares, total);
}

/**
 * Adds four targets at once, at listed rows, to their bins' cells.
 *
 * @param rows uint32 [count], @param targets float64 [count][4]
 * @param sums float64 [bins][4], added to, @param counts i32 [bins], added to
 */
export function sumTargetsAt(
  column: usize,
  rows: usize,
  count: i32,
  targets: usize,
  sums: usize,
  counts: usize,
): void {
  for (let k = 0; k < count; k++) {
    const row = <usize>load<u32>(rows + ((<usize>k) << 2));
    const bin = <usize>load<u8>(column + (row << 3));
    const cell = sums + (bin << 5);
    const target = targets + ((<usize>k) << 5);
    v128.store(cell, f64x2.add(v128.load(cell), v128.load(target)));
    v128.store(cell, f64x2.add(v128.load(cell, 16), v128.load(target, 16)), 16);
    const own = counts + (bin << 2);
    store<i32>(own, load<i32>(own) + 1);
  }
}

/** The bins of rows [begin, end) counted into i32 [bins], added to. */
export function countBins(column: usize, begin: i32, end: i32, counts: usize): void {
  for (let row = begin; row < end; row++) {
    const count = counts + ((<usize>load<u8>(column + ((<usize>row) << 3))) << 2);
    store<i32>(count, load<i32>(count) + 1);
  }
}
