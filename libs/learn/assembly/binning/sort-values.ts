const RADIX: u32 = 2048; // 11 bits a pass: three passes cover 32-bit keys, and one count table stays in L1

/** Maps float bits to unsigned integers of the same order; -0 counts as +0. */
@inline
function orderedKey(bits: u32): u32 {
  if (bits == 0x80000000) bits = 0;
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

@inline
function floatBits(key: u32): u32 {
  return key & 0x80000000 ? key & 0x7fffffff : ~key;
}

@inline
function bump(counts: usize, digit: u32): void {
  const at = counts + (<usize>digit << 2);
  store<u32>(at, load<u32>(at) + 1);
}

@inline
function toOffsets(counts: usize): void {
  let sum: u32 = 0;
  for (let digit: u32 = 0; digit < RADIX; digit++) {
    const at = counts + (<usize>digit << 2);
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
}

@inline
function scatter(from: usize, to: usize, count: u32, offsets: usize, shift: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u32>(from + (<usize>i << 2));
    const at = offsets + (<usize>((key >> shift) & (RADIX - 1)) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u32>(to + (<usize>place << 2), key);
  }
}

/**
 * Copies the values that are not NaN and sorts them ascending (radix sort, linear time).
 *
 * @param values float32 values, `count` of them
 * @param sorted output, float32, room for `count`
 * @param spare scratch of the size of `sorted`
 * @param counts scratch of 3 * 2048 * 4 bytes
 * @returns how many values were not NaN
 */
export function sortValues(values: usize, count: u32, sorted: usize, spare: usize, counts: usize): u32 {
  const low = counts;
  const middle = counts + (<usize>RADIX << 2);
  const high = middle + (<usize>RADIX << 2);
  memory.fill(counts, 0, <usize>RADIX * 12);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const bits = load<u32>(values + (<usize>i << 2));
    if ((bits & 0x7fffffff) > 0x7f800000) continue;
    const key = orderedKey(bits);
    store<u32>(spare + (<usize>kept << 2), key);
    kept++;
    bump(low, key & (RADIX - 1));
    bump(middle, (key >> 11) & (RADIX - 1));
    bump(high, key >> 22);
  }
  toOffsets(low);
  toOffsets(middle);
  toOffsets(high);
  scatter(spare, sorted, kept, low, 0);
  scatter(sorted, spare, kept, middle, 11);
  scatter(spare, sorted, kept, high, 22);
  for (let i: u32 = 0; i < kept; i++) {
    const at = sorted + (<usize>i << 2);
    store<u32>(at, floatBits(load<u32>(at)));
  }
  return kept;
}
