import type { SimulatedBars } from '../simulation/simulate-bars.js';
import { BarColumns, VALUES } from './bar-columns.js';
import { MICROS_A_MINUTE } from './time/wall-time.js';

/** Simulated bars as those of a file are. */
export function simulatedColumns(bars: SimulatedBars): BarColumns {
  const columns = new BarColumns();
  columns.rows = bars.minute.length;
  columns.time = Float64Array.from(bars.minute, (minute) => minute * MICROS_A_MINUTE);
  columns.values = VALUES.map((name) => Float64Array.from(bars[name]));
  return columns;
}
