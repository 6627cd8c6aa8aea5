import { float } from '../column.js';
import { type Family, fromSeries } from './family.js';

/** Earlier values of the line and the change since, for every lag in rows. */
export function lag(lags: readonly number[]): Family {
  return fromSeries(
    lags.flatMap((rows) => {
      const before = `lag(x, ${rows}) OVER (ORDER BY k)`;
      return [float(`lag_${rows}`, before), float(`lag_change_${rows}`, `x - ${before}`)];
    }),
  );
}
