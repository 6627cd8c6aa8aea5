import { type LabelGeometry, spanEnd, spanStart } from './label-span.js';

/** A run of test rows that are neighbours in time; both ends are row numbers and belong to it. */
export interface TestBlock {
  readonly first: number;
  readonly last: number;
}

export interface PurgeInput {
  /** Candidates for training, row numbers in time order. */
  readonly rows: Uint32Array;
  /** Ordinal of the bar of every row; rows are a sample, so ordinals have gaps. */
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  readonly blocks: readonly TestBlock[];
  /** Bars after a test block's last label during which no training row may start. */
  readonly embargoBars?: number;
}

/**
 * Training rows whose span (row and label) meets no test block's span (Lopez de Prado 2018, ch. 7.4.1),
 * minus those that start within the embargo after a block (ch. 7.4.2). Compared in bars, never in rows.
 *
 * Stricter than the book in one point: a block's span starts where its first label starts, so that a
 * training label never shares a bar with a test label.
 */
export function purge({ rows, bar, geometry, blocks, embargoBars = 0 }: PurgeInput): Uint32Array {
  const spans = blocks.map(({ first, last }) => ({
    from: spanStart(bar[first]!, geometry),
    to: spanEnd(bar[last]!, geometry),
  }));
  return rows.filter((row) => {
    const from = spanStart(bar[row]!, geometry);
    const to = spanEnd(bar[row]!, geometry);
    return spans.every((span) => to < span.from || from > span.to + embargoBars);
  });
}

export interface BeforeInput {
  /** Row numbers in time order. */
  readonly rows: Uint32Array;
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  /** First row of what will be scored. */
  readonly first: number;
  /** Bars kept free besides the purge. */
  readonly embargoBars?: number;
}

/** Rows whose span ends before the span of row `first` starts: all that may be fitted when `first` is scored. */
export function rowsBefore({ rows, bar, geometry, first, embargoBars = 0 }: BeforeInput): Uint32Array {
  const limit = spanStart(bar[first]!, geometry) - embargoBars;
  return rows.filter((row) => spanEnd(bar[row]!, geometry) < limit);
}
