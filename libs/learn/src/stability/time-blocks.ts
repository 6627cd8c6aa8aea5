import { LearnInputError } from '../errors/learn-input-error.js';

/** A half-open range of rows. */
export interface RowBlock {
  readonly begin: number;
  readonly end: number;
}

export interface TimeBlocksInput {
  /** Ordinal of each row's bar, ascending. */
  bar: Int32Array;
  /** Blocks cover rows [0, rows). */
  rows: number;
  blocks: number;
  /** Bars that must lie between the last row of a block and the first row of the next. */
  purgeBars: number;
}

/**
 * Cuts rows into contiguous blocks of equal size and drops rows at the end of each whose labels would reach
 * into the next: rows less than `purgeBars` bars before it. With purgeBars = target window + horizon no
 * label interval [t + H - W, t + H] of one block meets those of another (Lopez de Prado 2018, ch. 7).
 *
 * Example: 8 rows on bars 0..7, 2 blocks, purge 2: [0, 3) and [4, 8).
 *
 * @throws LearnInputError when a block would keep no row or when bars are not ascending
 */
export function timeBlocks({ bar, rows, blocks, purgeBars }: TimeBlocksInput): RowBlock[] {
  if (!(rows >= 1 && rows <= bar.length)) {
    throw new LearnInputError(`rows must be in 1..${bar.length} (the rows with a bar), got ${rows}`);
  }
  if (!(Number.isInteger(blocks) && blocks >= 2))
    throw new LearnInputError(`blocks must be at least 2, got ${blocks}`);
  for (let row = 1; row < rows; row++) {
    if (bar[row]! <= bar[row - 1]!) {
      throw new LearnInputError(`bars must ascend: row ${row} has bar ${bar[row]} after ${bar[row - 1]}`);
    }
  }
  return Array.from({ length: blocks }, (_, block) => {
    const begin = Math.floor((block * rows) / blocks);
    const next = Math.floor(((block + 1) * rows) / blocks);
    let end = next;
    if (block < blocks - 1) {
      while (end > begin && bar[next]! - bar[end - 1]! < purgeBars) end--;
    }
    if (end <= begin) {
      throw new LearnInputError(
        `time block ${block + 1} of ${blocks} (${next - begin} rows) keeps no row after purging ${purgeBars} bars: use fewer blocks or more rows`,
      );
    }
    return { begin, end };
  });
}
