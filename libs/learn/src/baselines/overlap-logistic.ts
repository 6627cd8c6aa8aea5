import type { HorizonData } from '../data/horizon-data.js';
import { type Standardising, standardised, standardisingOf } from '../regression/design-columns.js';
import { predictLinear } from '../regression/linear-fit.js';
import { fitLogistic } from '../regression/logistic-regression.js';

/** Just enough to keep nearly collinear columns apart. */
const PENALTY = 1e-4;

/** What the overlap baseline knows of rows, NaN where missing. */
export type OverlapSources = Pick<HorizonData, 'known' | 'persistence' | 'bar'>;

/** One column of the regression: coefficient * (value - mean) * scale, 0 where the value is not finite. */
export interface OverlapInput extends Standardising {
  readonly source: 'known' | 'persistence';
  /** Whether the source is divided by the trailing scale of persistence (0 where that is 0). */
  readonly relative: boolean;
  readonly coefficient: number;
}

/** The fitted overlap baseline: log-odds = intercept + sum over the inputs. */
export interface OverlapModel {
  readonly targetWindow: number;
  readonly intercept: number;
  readonly inputs: readonly OverlapInput[];
}

/**
 * The proper probabilistic overlap baseline: log-odds of "up" from what is already known of the target, by
 * a logistic regression on the known part and persistence, each also divided by the trailing scale of
 * persistence (the same known part says more in calm times, and judging that is not skill).
 * Without overlap (horizon >= window) only persistence is left.
 *
 * @param fitRows rows it is fitted on
 */
export function fitOverlap(data: HorizonData, fitRows: Uint32Array): OverlapModel {
  const { geometry, up } = data;
  const { targetWindow } = geometry;
  const overlaps = data.knownAvailable && geometry.horizon < targetWindow;
  const sources = overlaps ? (['known', 'persistence'] as const) : (['persistence'] as const);
  const kinds = sources.flatMap((source) => [
    { source, relative: false },
    { source, relative: true },
  ]);
  const raw = rawColumns(kinds, data, targetWindow);
  const by = raw.map((column) => standardisingOf(column, fitRows));
  const columns = raw.map((column, j) => standardised(column, by[j]!));
  const [fit] = fitLogistic({ columns, rows: fitRows, label: up, penalties: [PENALTY] });
  const inputs = kinds.map((kind, j) => ({ ...kind, ...by[j]!, coefficient: fit!.coefficients[j]! }));
  return { targetWindow, intercept: fit!.intercept, inputs };
}

/** Log-odds of every row by a fitted overlap baseline; NaN where a source is missing. */
export function overlapOf(
  { targetWindow, intercept, inputs }: OverlapModel,
  rows: OverlapSources,
): Float64Array {
  const columns = rawColumns(inputs, rows, targetWindow).map((column, j) => standardised(column, inputs[j]!));
  const coefficients = Float64Array.from(inputs, ({ coefficient }) => coefficient);
  const all = Uint32Array.from(rows.bar.keys());
  const logOdds = predictLinear({ intercept, coefficients }, columns, all);
  const sources = [...new Set(inputs.map(({ source }) => rows[source]))];
  return logOdds.map((value, row) =>
    sources.every((source) => Number.isFinite(source[row])) ? value : Number.NaN,
  );
}

/** The baseline fitted and applied: log-odds of every row; NaN where an input is missing. */
export function overlapLogOdds(data: HorizonData, fitRows: Uint32Array): Float64Array {
  return overlapOf(fitOverlap(data, fitRows), data);
}

function rawColumns(
  kinds: readonly Pick<OverlapInput, 'source' | 'relative'>[],
  rows: OverlapSources,
  targetWindow: number,
): Float64Array[] {
  const scale = trailingScale(rows.persistence, rows.bar, targetWindow);
  return kinds.map(({ source, relative }) =>
    relative ? rows[source].map((value, row) => (scale[row]! > 0 ? value / scale[row]! : 0)) : rows[source],
  );
}

/** Decay of the trailing scale, in target windows: several windows, short against a day's change of volatility. */
const DECAY_WINDOWS = 4;

/**
 * Root mean square of persistence over the rows up to and including each row, older rows counting
 * exp(-age / (4 windows)) with age in bars: how much prices have moved lately, known at the row.
 * NaN until the first finite value.
 */
export function trailingScale(
  persistence: Float64Array,
  bar: Int32Array,
  targetWindow: number,
): Float64Array {
  const scale = new Float64Array(persistence.length);
  let squares = 0;
  let weight = 0;
  for (let row = 0; row < persistence.length; row++) {
    const decay = row === 0 ? 1 : Math.exp(-(bar[row]! - bar[row - 1]!) / (DECAY_WINDOWS * targetWindow));
    squares *= decay;
    weight *= decay;
    const value = persistence[row]!;
    if (Number.isFinite(value)) {
      squares += value * value;
      weight += 1;
    }
    scale[row] = Math.sqrt(squares / weight);
  }
  return scale;
}
