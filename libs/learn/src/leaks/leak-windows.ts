import { type LabelGeometry, spanEnd, spanStart } from '../splits/label-span.js';

/** Rows of every other block of a window. */
export interface WindowHalf {
  /** Row numbers in time order. */
  readonly rows: readonly number[];
  /** Ordinal of the piece of time that each row belongs to, among the pieces of all windows. */
  readonly pieces: readonly number[];
  /** About how many of the rows' labels are independent. */
  readonly independent: number;
}

/** A window of time whose blocks belong to two halves in turn; no label of one half meets one of the other. */
export interface LeakWindow {
  readonly first: number;
  readonly last: number;
  readonly halves: readonly [WindowHalf, WindowHalf];
}

/** A leak that is there in a part of the period fills one of so many windows. */
const MOST_WINDOWS = 5;
/** Independent labels that a window should hold. */
const LEAST_INDEPENDENT = 80;
/** Independent labels that a block should hold; about one of them is lost to the purge. */
const INDEPENDENT_PER_BLOCK = 8;
const MOST_BLOCKS = 32;
/** Independent labels that a piece holds: what a shadow flips at once keeps its dependence in time but at its ends. */
const INDEPENDENT_PER_PIECE = 4;
/** Rows looked at in a window, evenly spread. */
const MOST_ROWS = 4096;

export interface LeakWindowsInput {
  /** Rows with a target, in time order. */
  readonly rows: readonly number[];
  /** Ordinal of every row's bar. */
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  /** Default: five. */
  readonly most?: number;
}

/**
 * Cuts rows into windows of equally many rows, and each window into blocks that alternate between two halves: what holds in a part of
 * the period only is then fitted and scored within that part. Rows whose labels reach into the next
 * block are left out.
 *
 * @returns as many windows, up to five, as have 80 independent labels each; one where there are fewer, none without rows
 */
export function leakWindows({ rows, bar, geometry, most = MOST_WINDOWS }: LeakWindowsInput): LeakWindow[] {
  if (rows.length === 0) return [];
  const count = Math.floor(independentLabels(rows, bar, geometry) / LEAST_INDEPENDENT);
  const windows = Math.min(most, Math.max(1, count));
  const pieces = new PieceOrdinals(bar, INDEPENDENT_PER_PIECE * (geometry.horizon + geometry.targetWindow));
  return Array.from({ length: windows }, (_, k) => {
    const from = Math.floor((k * rows.length) / windows);
    const to = Math.floor(((k + 1) * rows.length) / windows);
    const all = rows.slice(from, to);
    const step = Math.max(1, Math.ceil(all.length / MOST_ROWS));
    const kept = all.filter((_row, position) => position % step === 0);
    const halves = alternateBlocks(kept, { bar, geometry }, pieces);
    return { first: all[0]!, last: all[all.length - 1]!, halves };
  });
}

/** Labels that fit side by side between the first and the last row, at most one a row. */
function independentLabels(rows: readonly number[], bar: Int32Array, geometry: LabelGeometry): number {
  const bars = bar[rows[rows.length - 1]!]! - bar[rows[0]!]!;
  return Math.min(rows.length, bars / (geometry.horizon + geometry.targetWindow));
}

function alternateBlocks(
  rows: readonly number[],
  { bar, geometry }: Pick<LeakWindowsInput, 'bar' | 'geometry'>,
  pieces: PieceOrdinals,
): readonly [WindowHalf, WindowHalf] {
  const independent = rows.length > 0 ? independentLabels(rows, bar, geometry) : 0;
  const pairs = Math.floor(independent / (2 * INDEPENDENT_PER_BLOCK));
  const blocks = 2 * Math.min(MOST_BLOCKS / 2, Math.max(1, pairs));
  const halves = [emptyHalf(), emptyHalf()] as const;
  for (let block = 0; block < blocks; block++) {
    const begin = Math.floor((block * rows.length) / blocks);
    const next = Math.floor(((block + 1) * rows.length) / blocks);
    const limit = next < rows.length ? spanStart(bar[rows[next]!]!, geometry) : Number.POSITIVE_INFINITY;
    const kept = rows.slice(begin, next).filter((row) => spanEnd(bar[row]!, geometry) < limit);
    if (kept.length === 0) continue;
    const half = halves[block % 2 === 0 ? 0 : 1];
    half.rows.push(...kept);
    half.pieces.push(...pieces.of(kept));
    half.independent += Math.max(1, independentLabels(kept, bar, geometry));
  }
  return halves;
}

function emptyHalf(): { rows: number[]; pieces: number[]; independent: number } {
  return { rows: [], pieces: [], independent: 0 };
}

/** Numbers pieces of time: a new one with every block, and after so many bars. */
class PieceOrdinals {
  readonly #bar: Int32Array;
  readonly #bars: number;
  #last = -1;

  constructor(bar: Int32Array, bars: number) {
    this.#bar = bar;
    this.#bars = bars;
  }

  /** @param rows of a block, in time order */
  of(rows: readonly number[]): number[] {
    let end = Number.NEGATIVE_INFINITY;
    return rows.map((row) => {
      if (this.#bar[row]! >= end) {
        this.#last++;
        end = this.#bar[row]! + this.#bars;
      }
      return this.#last;
    });
  }
}
