import { developmentRows, finalSegmentStart } from '../development-rows.js';
import type { LearnConfig } from '../learn-config.js';
import { type LabelGeometry, spanEnd, spanStart } from './label-span.js';
import { rowsBefore } from './purge.js';
import { type Fold, walkForward } from './walk-forward.js';

export interface SegmentsInput {
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  /** Rows with all that scoring needs (target, baselines), in time order. */
  readonly usable: Uint32Array;
  readonly config: Pick<LearnConfig, 'protocol'>;
}

/** Which rows serve for what; all in time order. */
export interface ProtocolSegments {
  /** All rows anything may be fitted on before the end. */
  readonly development: Uint32Array;
  /** First part of the development rows: features are selected on these. */
  readonly selection: Uint32Array;
  /** Walk-forward folds over the development rows after the selection part. */
  readonly folds: readonly Fold[];
  /** The untouched final segment. */
  readonly final: Uint32Array;
  /** Usable rows between development and final segment that are used for nothing. */
  readonly purgedRows: number;
}

/**
 * Cuts a pair's rows for one horizon: selection | walk-forward folds | purge | final.
 *
 * @throws RangeError when a part would be empty
 */
export function protocolSegments({ bar, geometry, usable, config }: SegmentsInput): ProtocolSegments {
  const { folds, selectionShare, scheme, embargoBars } = config.protocol;
  const start = finalSegmentStart(bar.length, config);
  const fitRows = developmentRows(bar, config);
  const limit = spanStart(bar[start]!, geometry) - embargoBars;
  const development = usable.filter((row) => row < fitRows && spanEnd(bar[row]!, geometry) < limit);
  const final = usable.filter((row) => row >= start);
  if (development.length === 0) {
    throw new RangeError(`horizon ${geometry.horizon} has no development row with a target`);
  }
  if (final.length === 0) {
    throw new RangeError(`horizon ${geometry.horizon} has no row with a target in the final segment`);
  }
  const initialRows = Math.floor(development.length * selectionShare);
  const cut = walkForward({
    rows: development,
    bar,
    geometry,
    folds,
    initialRows,
    embargoBars,
    ...(scheme === 'rolling' ? { rollingRows: initialRows } : {}),
  });
  const selection = rowsBefore({
    rows: development.slice(0, initialRows),
    bar,
    geometry,
    first: development[initialRows]!,
    embargoBars,
  });
  const purgedRows = usable.length - development.length - final.length;
  return { development, selection, folds: cut, final, purgedRows };
}
