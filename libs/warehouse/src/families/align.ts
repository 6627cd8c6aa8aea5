import { bool, type Column, float, integer } from '../column.js';
import { type Family, fromSeries } from './family.js';

const direction = (w: number): string => `sign(x - lag_${w})`;

/**
 * Agreement of direction across the windows: sign of the change over each, whether two agree, how many rise.
 * Only rows where every window is full, so the table starts later than the others.
 */
export function align(windows: readonly number[]): Family {
  const columns: Column[] = windows.map((w) => integer(`align_dir_${w}`, direction(w)));
  for (const [i, a] of windows.entries()) {
    for (const b of windows.slice(i + 1)) {
      columns.push(integer(`align_agree_${a}_${b}`, `(${direction(a)} = ${direction(b)})::INTEGER`));
    }
  }
  const sum = windows.map(direction).join(' + ');
  const rises = windows.map((w) => `(x > lag_${w})::INTEGER`).join(' + ');
  columns.push(
    float('align_score', `(${sum}) / ${windows.length}.0`),
    integer('align_up_count', rises),
    bool('align_all_up', `(${rises}) = ${windows.length}`),
    bool('align_all_down', windows.map((w) => `x < lag_${w}`).join(' AND ')),
  );
  return fromSeries(columns, `k > ${windows.at(-1)!}`);
}
