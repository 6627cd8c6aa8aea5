// Gram matrix of binned columns by int16 dot products, one block of rows at a time.
// No state: every scratch area is passed in by address and belongs to one thread.
import { packPanel } from './gram/pack';
import { addTile } from './gram/tile';

/** Rows packed at once: at most 512, see tile.ts. */
const CHUNK: i32 = 512;
/** Columns of the left operand packed at once, so that they stay in the second-level cache. */
const LEFT: i32 = 64;
const LEFT_PANEL: usize = <usize>CHUNK * 4 * 2;
const RIGHT_PANEL: usize = <usize>CHUNK * 8 * 2;

/**
 * Inner products of columns [0, end) with the strip of columns [begin, end) over `rows` rows.
 *
 * @param rowBytes bytes between rows: 8, or 8 n to take every n-th row; firstRow and rows count those taken
 * @param begin multiple of 8, @param sums float32 [end rounded up to 4][width rounded up to 8], overwritten;
 *   only cells on or above the diagonal are meaningful
 */
export function gramStrip(
  addresses: usize,
  columns: i32,
  begin: i32,
  end: i32,
  firstRow: i32,
  rows: i32,
  rowBytes: usize,
  tables: usize,
  bins: i32,
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
        rowBytes,
        tables,
        bins,
        right + <usize>j * RIGHT_PANEL,
      );
    }
    for (let first = 0; first < end; first += LEFT) {
      const last = min(first + LEFT, end);
      for (let i = first; i < last; i += 4) {
        packPanel(
          addresses,
          i,
          4,
          columns,
          row,
          chunk,
          rowBytes,
          tables,
          bins,
          left + <usize>((i - first) >> 2) * LEFT_PANEL,
        );
      }
      for (let j = 0; j < panels; j++) {
        const b = right + <usize>j * RIGHT_PANEL;
        const lastColumn = begin + 8 * j + 7;
        for (let i = first; i < last && i <= lastColumn; i += 4) {
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

/**
 * Writes a strip as int16 correlations about zero, sum * inverse[i] * inverse[j] * 32767, to both triangles
 * of the square int16 matrix `gram` of row length `pitch`.
 */
export function storeStrip(sums: usize, begin: i32, end: i32, inverse: usize, gram: usize, pitch: i32): void {
  const stride = (<usize>((end - begin + 7) >> 3)) << 5;
  for (let i = 0; i < end; i++) {
    const scale = load<f32>(inverse + ((<usize>i) << 2)) * 32767;
    const row = sums + <usize>i * stride;
    for (let j = max(begin, i); j < end; j++) {
      const value =
        load<f32>(row + ((<usize>(j - begin)) << 2)) * scale * load<f32>(inverse + ((<usize>j) << 2));
      const quantised = <i16>nearest(max(<f32>-32767, min(<f32>32767, value)));
      store<i16>(gram + ((<usize>i * pitch + j) << 1), quantised);
      store<i16>(gram + ((<usize>j * pitch + i) << 1), quantised);
    }
  }
}

/**
 * Pairs (i, j), i < j, of a strip whose |sum| * inverse[i] * inverse[j] exceeds `limit`.
 *
 * @param out u32 pairs, @param room pairs that fit
 * @returns pairs found, which may be more than were written
 */
export function collectPairs(
  sums: usize,
  begin: i32,
  end: i32,
  inverse: usize,
  limit: f32,
  out: usize,
  room: i32,
): i32 {
  const stride = (<usize>((end - begin + 7) >> 3)) << 5;
  let found = 0;
  for (let i = 0; i < end; i++) {
    const row = sums + <usize>i * stride;
    const scale = load<f32>(inverse + ((<usize>i) << 2));
    for (let j = max(begin, i + 1); j < end; j++) {
      const value =
        abs(load<f32>(row + ((<usize>(j - begin)) << 2))) * scale * load<f32>(inverse + ((<usize>j) << 2));
      if (value <= limit) continue;
      if (found < room) {
        store<u32>(out + ((<usize>found) << 3), i);
        store<u32>(out + ((<usize>found) << 3), j, 4);
      }
      found++;
    }
  }
  return found;
}

/** Sum over `rows` rows of the product of two columns' table values. */
export function innerProduct(
  a: usize,
  b: usize,
  tableA: usize,
  tableB: usize,
  rows: i32,
  rowBytes: usize,
): f64 {
  let sum: i64 = 0;
  for (let row = 0; row < rows; row++, a += rowBytes, b += rowBytes) {
    sum += <i64>(
      (<i32>load<i16>(tableA + ((<usize>load<u8>(a)) << 1)) *
        <i32>load<i16>(tableB + ((<usize>load<u8>(b)) << 1)))
    );
  }
  return <f64>sum;
}
