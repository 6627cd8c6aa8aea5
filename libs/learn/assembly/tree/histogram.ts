import { gatherWords } from './rows';

const GROUP: usize = 8;
const CELL: usize = 8; // bytes of one packed sum

/**
 * Adds one row's packed gradient to the cell of its bin in each of the 8 columns of a group.
 *
 * AssemblyScript has no constant type parameters and offsets must be immediates to be fast, so the size
 * of W stands for the bytes of a column's cells: u8 64 cells, u16 128, u32 256.
 */
@inline
function addRow<W>(bins: u64, packed: i64, histogram: usize): void {
  const low = <u32>bins;
  const high = <u32>(bins >> 32);
  let cell = histogram + ((<usize>(low & 255)) << 3);
  store<i64>(cell, load<i64>(cell) + packed);
  cell = histogram + ((<usize>((low >> 8) & 255)) << 3);
  store<i64>(cell, load<i64>(cell, sizeof<W>() << 9) + packed, sizeof<W>() << 9);
  cell = histogram + ((<usize>((low >> 16) & 255)) << 3);
  store<i64>(cell, load<i64>(cell, (sizeof<W>() << 9) * 2) + packed, (sizeof<W>() << 9) * 2);
  cell = histogram + ((<usize>(low >> 24)) << 3);
  store<i64>(cell, load<i64>(cell, (sizeof<W>() << 9) * 3) + packed, (sizeof<W>() << 9) * 3);
  cell = histogram + ((<usize>(high & 255)) << 3);
  store<i64>(cell, load<i64>(cell, (sizeof<W>() << 9) * 4) + packed, (sizeof<W>() << 9) * 4);
  cell = histogram + ((<usize>((high >> 8) & 255)) << 3);
  store<i64>(cell, load<i64>(cell, (sizeof<W>() << 9) * 5) + packed, (sizeof<W>() << 9) * 5);
  cell = histogram + ((<usize>((high >> 16) & 255)) << 3);
  store<i64>(cell, load<i64>(cell, (sizeof<W>() << 9) * 6) + packed, (sizeof<W>() << 9) * 6);
  cell = histogram + ((<usize>(high >> 24)) << 3);
  store<i64>(cell, load<i64>(cell, (sizeof<W>() << 9) * 7) + packed, (sizeof<W>() << 9) * 7);
}

/** Rows that are gathered before they are counted: tile, packed gradients and histograms stay in the L1 cache. */
const TILE_ROWS: u32 = 1024;

@inline
function addRows<W>(words: usize, packed: usize, count: u32, histogram: usize): void {
  for (let i: usize = 0, end = (<usize>count) << 3; i < end; i += 8) {
    addRow<W>(load<u64>(words + i), load<i64>(packed + i), histogram);
  }
}

/** Gathering first and counting then keeps many reads in flight, where one loop would wait for each. */
@inline
function addGatheredRows<W>(
  group: usize,
  positions: usize,
  packed: usize,
  count: u32,
  histogram: usize,
  tile: usize,
  keep: bool,
): void {
  let words = tile;
  for (let first: u32 = 0; first < count; first += TILE_ROWS) {
    const rows = min(TILE_ROWS, count - first);
    gatherWords(group, positions + ((<usize>first) << 2), rows, words);
    addRows<W>(words, packed + ((<usize>first) << 3), rows, histogram);
    if (keep) words += TILE_ROWS << 3;
  }
}

function accumulateGroup<W>(
  group: usize,
  positions: usize,
  packed: usize,
  count: u32,
  histogram: usize,
  tile: usize,
  keep: bool,
): void {
  if (positions) addGatheredRows<W>(group, positions, packed, count, histogram, tile, keep);
  else addRows<W>(group, packed, count, histogram);
}

/**
 * Histograms of the listed groups over `count` rows, replacing what was there.
 *
 * @param block address of the block, `stride` rows a group
 * @param groups uint32 group numbers, `groupCount` of them
 * @param positions uint32 positions of the rows in the block, or 0 for positions 0 .. count - 1
 * @param packed packed gradients in the order of the rows
 * @param histograms cells by slot and bin, `cells` (64, 128 or 256) a slot
 * @param tile scratch of 8 KiB when there are positions
 * @param copy 0, or where the gathered rows are kept as a block of `count` rows a group (`tile` is not used)
 */
export function accumulateHistograms(
  block: usize,
  stride: u32,
  groups: usize,
  groupCount: u32,
  positions: usize,
  packed: usize,
  count: u32,
  histograms: usize,
  cells: u32,
  tile: usize,
  copy: usize,
): void {
  const bytes = GROUP * CELL * <usize>cells;
  const keep = copy != 0;
  for (let i: u32 = 0; i < groupCount; i++) {
    const g = <usize>load<u32>(groups + ((<usize>i) << 2));
    const group = block + ((g * <usize>stride) << 3);
    const histogram = histograms + g * bytes;
    const to = keep ? copy + ((g * <usize>count) << 3) : tile;
    memory.fill(histogram, 0, bytes);
    if (cells == 64) accumulateGroup<u8>(group, positions, packed, count, histogram, to, keep);
    else if (cells == 128) accumulateGroup<u16>(group, positions, packed, count, histogram, to, keep);
    else accumulateGroup<u32>(group, positions, packed, count, histogram, to, keep);
  }
}

/** Turns a parent's histograms into those of the sibling of `child`, for the listed groups. */
export function subtractHistograms(
  parent: usize,
  child: usize,
  groups: usize,
  groupCount: u32,
  cells: u32,
): void {
  const bytes = GROUP * CELL * <usize>cells;
  for (let i: u32 = 0; i < groupCount; i++) {
    const start = <usize>load<u32>(groups + ((<usize>i) << 2)) * bytes;
    for (let at = start; at < start + bytes; at += 16) {
      v128.store(parent + at, i64x2.sub(v128.load(parent + at), v128.load(child + at)));
    }
  }
}
