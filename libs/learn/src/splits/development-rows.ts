import { LearnInputError } from '../errors/learn-input-error.js';

/** How the rows of a horizon are cut; docs/learning-settings.md says what each means. */
export interface ProtocolSettings {
  readonly finalShare: number;
  readonly lockedShare: number;
  readonly score: 'final' | 'locked';
  readonly selectionShare: number;
  readonly folds: number;
  readonly scheme: 'expanding' | 'rolling' | 'combinatorial';
  readonly innerShare: number;
  readonly purgeBars: number;
  readonly embargoBars: number;
}

/** First row of the untouched final segment: the last `protocol.finalShare` of the rows that are not locked. */
export function finalSegmentStart(rows: number, config: { readonly protocol: ProtocolSettings }): number {
  return Math.floor(lockedStart(rows, config) * (1 - config.protocol.finalShare));
}

/** First locked row: nothing is fitted or scored from there on, until `protocol.score` asks for it. */
export function lockedStart(rows: number, config: { readonly protocol: ProtocolSettings }): number {
  return Math.floor(rows * (1 - config.protocol.lockedShare));
}

/**
 * How many leading rows anything may be fitted on before the final segment is scored: those that end
 * `protocol.purgeBars` before it. The same for every horizon of a pair, so that bin bounds and pruning are
 * shared; labels are purged per horizon besides.
 *
 * @param bar ordinal of the bar of every row, strictly increasing
 * @throws LearnInputError when ordinals do not increase or no row is left
 */
export function developmentRows(bar: Int32Array, config: { readonly protocol: ProtocolSettings }): number {
  for (let row = 1; row < bar.length; row++) {
    if (bar[row]! <= bar[row - 1]!) {
      throw new LearnInputError(
        `bar ordinals must increase: row ${row} has ${bar[row]} after ${bar[row - 1]}`,
      );
    }
  }
  const start = finalSegmentStart(bar.length, config);
  const limit = (bar[start] ?? 0) - config.protocol.purgeBars;
  let rows = 0;
  while (rows < start && bar[rows]! < limit) rows++;
  if (rows === 0) {
    throw new LearnInputError(
      `no development row: ${bar.length} rows, ${config.protocol.purgeBars} bars purged`,
    );
  }
  return rows;
}
