import { LearnInputError } from '../errors/learn-input-error.js';
import type { LabelGeometry } from '../splits/label-span.js';
import { sharedFloats } from '../threads/shared-floats.js';

/** What one horizon is learned from, by row number; NaN where missing. Numbers are in memory that threads share. */
export interface HorizonData {
  readonly geometry: LabelGeometry;
  readonly bar: Int32Array;
  /** The target: change in percent over the window that ends `horizon` bars after the row. */
  readonly value: Float64Array;
  /** 1 where the target is positive, else 0. */
  readonly up: Float64Array;
  /** Part of the target that is already known at the row; zeros where nothing overlaps or it is not available. */
  readonly known: Float64Array;
  /** Whether `known` holds all that is known (false: horizon < window and the dataset has no known part). */
  readonly knownAvailable: boolean;
  /** Part of the target that is not known at the row: value - known. */
  readonly unknown: Float64Array;
  readonly persistence: Float64Array;
  /** Rows with target, known part and persistence, in time order. */
  readonly usable: Uint32Array;
  readonly missing: { readonly target: number; readonly knownPart: number; readonly persistence: number };
}

export interface HorizonDataInput {
  readonly geometry: LabelGeometry;
  readonly bar: Int32Array;
  readonly target: Float64Array;
  readonly knownPart: Float64Array | null;
  readonly persistence: Float64Array;
}

/**
 * Target = known + unknown exactly, since both parts are changes in percent of the same first price:
 * close[t + H] - close[t + H - W] = (close[t] - close[t + H - W]) + (close[t + H] - close[t]).
 *
 * @throws LearnInputError when arrays differ in length
 */
export function horizonData({
  geometry,
  bar,
  target,
  knownPart,
  persistence,
}: HorizonDataInput): HorizonData {
  const rows = bar.length;
  const overlaps = geometry.horizon < geometry.targetWindow;
  for (const [name, array] of Object.entries({ target, persistence, knownPart })) {
    if (array && array.length !== rows) {
      throw new LearnInputError(`${name} has ${array.length} rows, the pair has ${rows}`);
    }
  }
  const known = overlaps && knownPart ? knownPart : new Float64Array(rows);
  const missing = { target: 0, knownPart: 0, persistence: 0 };
  const usable: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (!Number.isFinite(target[row])) missing.target++;
    else if (!Number.isFinite(known[row])) missing.knownPart++;
    else if (!Number.isFinite(persistence[row])) missing.persistence++;
    else usable.push(row);
  }
  return {
    geometry,
    bar,
    value: sharedFloats(target),
    up: sharedFloats(target.map((value) => (value > 0 ? 1 : 0))),
    known: sharedFloats(known),
    knownAvailable: !overlaps || knownPart !== null,
    unknown: sharedFloats(target.map((value, row) => value - known[row]!)),
    persistence: sharedFloats(persistence),
    usable: Uint32Array.from(usable),
    missing,
  };
}
