import { float } from '../column.js';
import { columnsOf, type Family, fromSeries, type StatTable } from './family.js';

const before = (rows: number): string => `lag(x, ${rows}) OVER (ORDER BY k)`;

/** First and second derivative over steps of W rows, per row and per row squared. */
const DER: StatTable = {
  v1: (w) => float(`der_v1_${w}`, `(x - lag_${w}) / ${w}`),
  v2: (w) => float(`der_v2_${w}`, `(x - 2 * lag_${w} + ${before(2 * w)}) / ${w * w}.0`),
};

/** v1 and v2 for every window, v3 (third derivative) for the shortest. */
export function der(windows: readonly number[]): Family {
  const w = windows[0]!;
  const v3 = `(x - 3 * lag_${w} + 3 * ${before(2 * w)} - ${before(3 * w)}) / ${w ** 3}.0`;
  return fromSeries([...columnsOf(DER, 'all', windows), float('der_v3', v3)]);
}
