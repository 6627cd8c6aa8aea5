// Products of two columns against a target, for all pairs of columns at once: a Gram matrix whose rows are
// weighted by the target. Pair (i, j), i < j, is number j (j - 1) / 2 + i.
// No state: every scratch area is passed in by address and belongs to one thread.
import { packPanel } from './gram/pack';
import { addTile } from './gram/tile';
import { packWeighted } from './products/pack-weighted';

/** Rows packed at once: at most 512, see gram/tile.ts. */
const CHUNK: i32 = 512;
/** Columns of the left operand packed at once, so that they stay in the second-level cache. */
const LEFT: i32 = 64;
const LEFT_PANEL: usize = <usize>CHUNK * 4 * 2;
const RIGHT_PANEL: usize = <usize>CHUNK * 8 * 2;
/** Cells of the histogram of scores; the last one holds all larger ones. */
const CELLS: i32 = 4096;
const CELLS_A_UNIT: f32 = 256;

/**
 * Sums over rows of weight x column i x column j for i in [0, end), j in the strip [begin, end), i < j.
 *
 * @param step every `step`-th row is taken; firstRow and rows count those taken
 * @param begin multiple of 8, @param sums float32 [end rounded up to 4][width rounded up to 8], overwritten
 */
export function weightedStrip(
  addresses: usize,
  columns: i32,
  begin: i32,
  end: i32,
  firstRow: i32,
  rows: i32,
  step: i32,
  tables: usize,
  bins: i32,
  weights: usize,
  shift: i32,
  left: usize,
  right: usize,
  sums: usize,
): void {
  const panels = (end - begin + 7) >> 3;
  const stride = (<usize>panels) << 5;
  memory.fill(sums, 0, <usize>((end + 3) & ~3) * stride);
  for (let done = 0; done < rows; done += CHUNK) {
    const chunk = min(CHUNK, rows - done);
    const pairs = (chunk + 1) >> 1;
    const row = firstRow + done;
    for (let j = 0; j < panels; j++) {
      packPanel(
        addresses,
        begin + 8 * j,
        8,
        columns,
        row,
        chunk,
        (<usize>step) << 3,
        tables,
        bins,
        right + <usize>j * RIGHT_PANEL,
      );
    }
    for (let first = 0; first < end; first += LEFT) {
      const last = min(first + LEFT, end);
      for (let i = first; i < last; i += 4) {
        packWeighted(
          addresses,
          i,
          columns,
          row,
          chunk,
          step,
          tables,
          bins,
          weights,
          shift,
          left + <usize>((i - first) >> 2) * LEFT_PANEL,
        );
      }
      for (let j = 0; j < panels; j++) {
        const b = right + <usize>j * RIGHT_PANEL;
        const lastColumn = begin + 8 * j + 7;
        for (let i = first; i < last && i < lastColumn; i += 4) {
          addTile(
            left + <usize>((i - first) >> 2) * LEFT_PANEL,
            b,
            pairs,
            sums + <usize>i * stride + ((<usize>j) << 5),
            stride,
          );
        }
      }
    }
  }
}

/** Writes the strip's sums times `unit`, as int16, to the pairs' places in `out`. */
export function storePairs(sums: usize, begin: i32, end: i32, unit: f32, out: usize): void {
  const stride = (<usize>((end - begin + 7) >> 3)) << 5;
  for (let j = begin; j < end; j++) {
    let to = out + <usize>(((<i64>j * (j - 1)) >> 1) << 1);
    let from = sums + ((<usize>(j - begin)) << 2);
    for (let i = 0; i < j; i++, from += stride, to += 2) {
      store<i16>(to, <i16>nearest(max(<f32>-32767, min(<f32>32767, load<f32>(from) * unit))));
    }
  }
}

/**
 * Scores every pair in a subsample and in its complement: the sum of its blocks, which saturates at 16 bits, times
 * the pair's scale. Counts |score| in steps of 1/256 into `histograms`.
 *
 * @param stored int16 [block][pair], @param pairs a multiple of 8, @param inside u8 [block]: 1 in the subsample
 * @param scale float32 [pair], @param factors float32 x 2: what both subsamples' scales are multiplied by
 * @param scores float32 [2][pair], @param histograms i32 [2][4096], overwritten
 */
export function scorePairs(
  stored: usize,
  pairs: i32,
  blocks: i32,
  inside: usize,
  scale: usize,
  factors: usize,
  scores: usize,
  histograms: usize,
): void {
  memory.fill(histograms, 0, 2 * CELLS * 4);
  const one = v128.load32_splat(factors);
  const two = v128.load32_splat(factors, 4);
  const second = scores + ((<usize>pairs) << 2);
  const other = histograms + ((<usize>CELLS) << 2);
  for (let pair = 0; pair < pairs; pair += 8) {
    let within = i16x8.splat(0);
    let without = i16x8.splat(0);
    let at = stored + ((<usize>pair) << 1);
    for (let block = 0; block < blocks; block++, at += (<usize>pairs) << 1) {
      if (load<u8>(inside + <usize>block)) within = i16x8.add_sat_s(within, v128.load(at));
      else without = i16x8.add_sat_s(without, v128.load(at));
    }
    const place = (<usize>pair) << 2;
    const low = v128.load(scale + place);
    const high = v128.load(scale + place, 16);
    put(scores + place, within, f32x4.mul(low, one), f32x4.mul(high, one), histograms);
    put(second + place, without, f32x4.mul(low, two), f32x4.mul(high, two), other);
  }
}

@inline
function put(scores: usize, sums: v128, low: v128, high: v128, histogram: usize): void {
  const first = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(sums)), low);
  const second = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(sums)), high);
  v128.store(scores, first);
  v128.store(scores, second, 16);
  for (let lane: usize = 0; lane < 8; lane++) {
    const cell = histogram + ((<usize>cellOf(load<f32>(scores + (lane << 2)))) << 2);
    store<i32>(cell, load<i32>(cell) + 1);
  }
}

@inline
function cellOf(score: f32): i32 {
  return <i32>min(<f32>(CELLS - 1), abs(score) * CELLS_A_UNIT);
}

/** Pairs whose |score| is in histogram cell `cell` or above, ascending: u32 [room]. Returns how many there are. */
export function collectScores(scores: usize, pairs: i32, cell: i32, out: usize, room: i32): i32 {
  let found = 0;
  for (let pair = 0; pair < pairs; pair++) {
    if (cellOf(load<f32>(scores + ((<usize>pair) << 2))) < cell) continue;
    if (found < room) store<u32>(out + ((<usize>found) << 2), <u32>pair);
    found++;
  }
  return found;
}
