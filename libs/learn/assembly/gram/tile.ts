// Inner product of 4 packed columns with 8 packed columns, added to a 4 x 8 tile of float32 sums.
//
// Packed values are int16 in pairs of rows: [row / 2][column][row % 2], so that one dot instruction takes
// two rows of four columns. The int32 sums cannot overflow: |value| <= 2047 over at most 512 rows.

@inline
function addQuad(sums: usize, left: v128, right: v128): void {
  v128.store(sums, f32x4.add(v128.load(sums), f32x4.convert_i32x4_s(left)));
  v128.store(sums + 16, f32x4.add(v128.load(sums + 16), f32x4.convert_i32x4_s(right)));
}

/**
 * @param a 4 columns packed, @param b 8 columns packed, @param rowPairs packed row pairs,
 * @param sums first cell of the tile, @param stride bytes from one row of sums to the next
 */
export function addTile(a: usize, b: usize, rowPairs: i32, sums: usize, stride: usize): void {
  let s00 = i32x4.splat(0),
    s01 = s00,
    s10 = s00,
    s11 = s00,
    s20 = s00,
    s21 = s00,
    s30 = s00,
    s31 = s00;
  for (let pair = 0; pair < rowPairs; pair++) {
    const b0 = v128.load(b),
      b1 = v128.load(b, 16);
    const a0 = v128.load_splat<u32>(a);
    s00 = i32x4.add(s00, i32x4.dot_i16x8_s(a0, b0));
    s01 = i32x4.add(s01, i32x4.dot_i16x8_s(a0, b1));
    const a1 = v128.load_splat<u32>(a, 4);
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(a1, b0));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(a1, b1));
    const a2 = v128.load_splat<u32>(a, 8);
    s20 = i32x4.add(s20, i32x4.dot_i16x8_s(a2, b0));
    s21 = i32x4.add(s21, i32x4.dot_i16x8_s(a2, b1));
    const a3 = v128.load_splat<u32>(a, 12);
    s30 = i32x4.add(s30, i32x4.dot_i16x8_s(a3, b0));
    s31 = i32x4.add(s31, i32x4.dot_i16x8_s(a3, b1));
    a += 16;
    b += 32;
  }
  addQuad(sums, s00, s01);
  addQuad(sums + stride, s10, s11);
  addQuad(sums + 2 * stride, s20, s21);
  addQuad(sums + 3 * stride, s30, s31);
}
