const RADIX: u32 = 2048; // 11 bits a pass: one count table stays in L1

/** Passes that cover the bits of a key, and bytes of the count tables they need. */
@inline
function passes<K>(): u32 {
  return sizeof<K>() == 8 ? 6 : 3;
}

@inline
function topBit<K>(): K {
  return (<K>1) << (<K>(8 * sizeof<K>() - 1));
}

/** Maps float bits to unsigned integers of the same order; -0 counts as +0. */
@inline
function orderedKey<K>(bits: K): K {
  if (bits == topBit<K>()) bits = 0;
  return bits & topBit<K>() ? ~bits : bits | topBit<K>();
}

@inline
function floatBits<K>(key: K): K {
  return key & topBit<K>() ? key & ~topBit<K>() : ~key;
}

@inline
function digitOf<K>(key: K, pass: u32): usize {
  return <usize>(<u32>(key >> <K>(11 * pass)) & (RADIX - 1));
}

@inline
function toOffsets(counts: usize): void {
  let sum: u32 = 0;
  for (let digit: u32 = 0; digit < RADIX; digit++) {
    const at = counts + ((<usize>digit) << 2);
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
}

@inline
function scatter<K>(from: usize, to: usize, count: u32, offsets: usize, pass: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const key = load<K>(from + <usize>i * sizeof<K>());
    const at = offsets + (digitOf<K>(key, pass) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<K>(to + <usize>place * sizeof<K>(), key);
  }
}

@inline
function sortAs<F, K>(values: usize, count: u32, sorted: usize, spare: usize, counts: usize): u32 {
  memory.fill(counts, 0, <usize>(RADIX * 4 * passes<K>()));
  // An odd number of passes ends in the other area than it starts from.
  let from = passes<K>() & 1 ? spare : sorted;
  let to = passes<K>() & 1 ? sorted : spare;
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = values + <usize>i * sizeof<F>();
    const value = load<F>(at);
    if (value != value) continue;
    const key = orderedKey<K>(load<K>(at));
    store<K>(from + <usize>kept * sizeof<K>(), key);
    kept++;
    for (let pass: u32 = 0; pass < passes<K>(); pass++) {
      const bump = counts + ((<usize>(RADIX * pass)) << 2) + (digitOf<K>(key, pass) << 2);
      store<u32>(bump, load<u32>(bump) + 1);
    }
  }
  for (let pass: u32 = 0; pass < passes<K>(); pass++) {
    const offsets = counts + ((<usize>(RADIX * pass)) << 2);
    toOffsets(offsets);
    scatter<K>(from, to, kept, offsets, pass);
    const other = from;
    from = to;
    to = other;
  }
  for (let i: u32 = 0; i < kept; i++) {
    const at = sorted + <usize>i * sizeof<K>();
    store<K>(at, floatBits<K>(load<K>(at)));
  }
  return kept;
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
  return sortAs<f32, u32>(values, count, sorted, spare, counts);
}

/** The same for float64; `counts` has 6 * 2048 * 4 bytes. */
export function sortDoubles(values: usize, count: u32, sorted: usize, spare: usize, counts: usize): u32 {
  return sortAs<f64, u64>(values, count, sorted, spare, counts);
}
