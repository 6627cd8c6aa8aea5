/**
 * Packs rows [row, row + rows) of 4 consecutive columns, each value times the weight of its row, into
 * [row pair][column][2] int16; an odd last row and columns from `columns` on are packed as zeros.
 *
 * @param step rows from one taken row to the next; `row` and `rows` count those taken
 * @param tables int16 [column][bins], @param weights int16 a matrix row
 * @param shift bits by which products are shifted down, rounded; they must fit 11 bits and a sign then, see gram/tile.ts
 */
export function packWeighted(
  addresses: usize,
  first: i32,
  columns: i32,
  row: i32,
  rows: i32,
  step: i32,
  tables: usize,
  bins: i32,
  weights: usize,
  shift: i32,
  out: usize,
): void {
  const half = 1 << (shift - 1);
  const from = <usize>row * step;
  const next = (<usize>step) << 3;
  const nextWeight = (<usize>step) << 1;
  for (let c = 0; c < 4; c++) {
    let to = out + ((<usize>c) << 2);
    const column = first + c;
    if (column >= columns) {
      for (let pair = 0; pair < (rows + 1) >> 1; pair++, to += 16) store<u32>(to, 0);
      continue;
    }
    let at = <usize>load<u32>(addresses + ((<usize>column) << 2)) + (from << 3);
    let weight = weights + (from << 1);
    const table = tables + ((<usize>column * bins) << 1);
    for (let pair = 0; pair < rows >> 1; pair++) {
      const low =
        (<i32>load<i16>(table + ((<usize>load<u8>(at)) << 1)) * <i32>load<i16>(weight) + half) >> shift;
      at += next;
      weight += nextWeight;
      const high =
        (<i32>load<i16>(table + ((<usize>load<u8>(at)) << 1)) * <i32>load<i16>(weight) + half) >> shift;
      at += next;
      weight += nextWeight;
      store<u32>(to, (low & 0xffff) | (high << 16));
      to += 16;
    }
    if (rows & 1) {
      const last =
        (<i32>load<i16>(table + ((<usize>load<u8>(at)) << 1)) * <i32>load<i16>(weight) + half) >> shift;
      store<u32>(to, last & 0xffff);
    }
  }
}
