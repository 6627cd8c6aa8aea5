/** Copies one column of a block into a slot of another block of the same rows (used to gather columns). */
export function gatherColumns(
  from: usize,
  fromStride: u32,
  fromSlot: u32,
  rows: u32,
  to: usize,
  toStride: u32,
  toSlot: u32,
): void {
  const source = from + ((<usize>(fromSlot >> 3) * fromStride) << 3) + (fromSlot & 7);
  const target = to + ((<usize>(toSlot >> 3) * toStride) << 3) + (toSlot & 7);
  for (let i: u32 = 0; i < rows; i++)
    store<u8>(target + ((<usize>i) << 3), load<u8>(source + ((<usize>i) << 3)));
}

/** Copies the words (8 columns' bins) of the rows at `positions` of a group together. */
@inline
export function gatherWords(group: usize, positions: usize, count: u32, to: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const position = load<u32>(positions + ((<usize>i) << 2));
    store<u64>(to + ((<usize>i) << 3), load<u64>(group + ((<usize>position) << 3)));
  }
}

/** Copies the rows at `positions` of the listed groups into a new block of `count` rows a group. */
export function gatherRows(
  block: usize,
  stride: u32,
  groups: usize,
  groupCount: u32,
  positions: usize,
  count: u32,
  to: usize,
): void {
  for (let i: u32 = 0; i < groupCount; i++) {
    const g = <usize>load<u32>(groups + ((<usize>i) << 2));
    gatherWords(block + ((g * <usize>stride) << 3), positions, count, to + ((g * <usize>count) << 3));
  }
}

@inline
function goesLeft(bin: u32, threshold: u32, missingLeft: u32): u32 {
  return bin == 0 ? missingLeft : <u32>(bin <= threshold);
}

/**
 * Moves the rows that a split sends left to the front, keeping the order on both sides. Rows are three
 * parallel arrays: position in the block, row number, packed gradient.
 *
 * @param spare scratch of 16 bytes a row
 * @returns how many rows went left
 */
export function partitionRows(
  block: usize,
  stride: u32,
  slot: u32,
  threshold: u32,
  missingLeft: u32,
  positions: usize,
  rows: usize,
  packed: usize,
  count: u32,
  spare: usize,
): u32 {
  const column = block + ((<usize>(slot >> 3) * stride) << 3) + (slot & 7);
  const sparePositions = spare;
  const spareRows = spare + ((<usize>count) << 2);
  const sparePacked = spare + ((<usize>count) << 3);
  let left: u32 = 0;
  let right: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const position = load<u32>(positions + ((<usize>i) << 2));
    const row = load<u32>(rows + ((<usize>i) << 2));
    const gradient = load<i64>(packed + ((<usize>i) << 3));
    const isLeft = goesLeft(load<u8>(column + ((<usize>position) << 3)), threshold, missingLeft);
    // Both sides are written and one of the two counters moves: no branch to mispredict.
    store<u32>(positions + ((<usize>left) << 2), position);
    store<u32>(rows + ((<usize>left) << 2), row);
    store<i64>(packed + ((<usize>left) << 3), gradient);
    store<u32>(sparePositions + ((<usize>right) << 2), position);
    store<u32>(spareRows + ((<usize>right) << 2), row);
    store<i64>(sparePacked + ((<usize>right) << 3), gradient);
    left += isLeft;
    right += 1 - isLeft;
  }
  memory.copy(positions + ((<usize>left) << 2), sparePositions, (<usize>right) << 2);
  memory.copy(rows + ((<usize>left) << 2), spareRows, (<usize>right) << 2);
  memory.copy(packed + ((<usize>left) << 3), sparePacked, (<usize>right) << 3);
  return left;
}

/** How many of the rows at `positions` a split sends left. */
export function countLeft(
  block: usize,
  stride: u32,
  slot: u32,
  threshold: u32,
  missingLeft: u32,
  positions: usize,
  count: u32,
): u32 {
  const column = block + ((<usize>(slot >> 3) * stride) << 3) + (slot & 7);
  let left: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const position = load<u32>(positions + ((<usize>i) << 2));
    left += goesLeft(load<u8>(column + ((<usize>position) << 3)), threshold, missingLeft);
  }
  return left;
}
