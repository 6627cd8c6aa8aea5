import type { HorizonData } from '../horizon-data.js';
import { standardise } from '../models/design-columns.js';
import { predictLinear } from '../models/linear-fit.js';
import { fitLogistic } from '../models/logistic-regression.js';
import { trailingScale } from './trailing-scale.js';

/** Just enough to keep nearly collinear columns apart. */
const PENALTY = 1e-4;

/**
 * The proper probabilistic overlap baseline: log-odds of "up" from what is already known of the target, by
 * a logistic regression on the known part and persistence, each also divided by the trailing scale of
 * persistence (the same known part says more in calm times, and judging that is not skill).
 * Without overlap (horizon >= window) only persistence is left.
 *
 * @param fitRows rows it is fitted on
 * @returns log-odds of every row; NaN where an input is missing
 */
export function overlapLogOdds(data: HorizonData, fitRows: Uint32Array): Float64Array {
  const { bar, geometry, known, persistence, up } = data;
  const scale = trailingScale(persistence, bar, geometry.targetWindow);
  const overlaps = data.knownAvailable && geometry.horizon < geometry.targetWindow;
  const sources = overlaps ? [known, persistence] : [persistence];
  const columns = sources.flatMap((source) => [
    standardise(Float64Array.from(source), fitRows),
    standardise(relative(source, scale), fitRows),
  ]);
  const [fit] = fitLogistic({ columns, rows: fitRows, label: up, penalties: [PENALTY] });
  const all = Uint32Array.from(up.keys());
  const logOdds = predictLinear(fit!, columns, all);
  return logOdds.map((value, row) =>
    sources.every((source) => Number.isFinite(source[row])) ? value : Number.NaN,
  );
}

function relative(source: Float64Array, scale: Float64Array): Float64Array {
  return source.map((value, row) => (scale[row]! > 0 ? value / scale[row]! : 0));
}
