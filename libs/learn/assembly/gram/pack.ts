/**
 * Packs rows [row, row + rows) of `width` consecutive columns through their int16 tables into
 * [row pair][column][2]; an odd last row and columns from `columns` on are packed as zeros.
 *
 * @param rowBytes bytes between two rows: 8 in a binned matrix, a multiple of it to take every n-th row
 * @param addresses u32 address of row 0 of every column, @param tables int16 [column][bins]
 */
export function packPanel(
  addresses: usize,
  first: i32,
  width: i32,
  columns: i32,
  row: i32,
  rows: i32,
  rowBytes: usize,
  tables: usize,
  bins: i32,
  out: usize,
): void {
  const step = (<usize>width) << 2;
  const pairs = rows >> 1;
  for (let c = 0; c < width; c++) {
    let to = out + ((<usize>c) << 2);
    const column = first + c;
    if (column >= columns) {
      for (let pair = 0; pair < (rows + 1) >> 1; pair++, to += step) store<u32>(to, 0);
      continue;
    }
    let from = <usize>load<u32>(addresses + ((<usize>column) << 2)) + <usize>row * rowBytes;
    const table = tables + ((<usize>column * bins) << 1);
    for (let pair = 0; pair < pairs; pair++) {
      const low = <u32>load<u16>(table + ((<usize>load<u8>(from)) << 1));
      const high = <u32>load<u16>(table + ((<usize>load<u8>(from + rowBytes)) << 1));
      store<u32>(to, low | (high << 16));
      to += step;
      from += 2 * rowBytes;
    }
    if (rows & 1) store<u32>(to, <u32>load<u16>(table + ((<usize>load<u8>(from)) << 1)));
  }
}
