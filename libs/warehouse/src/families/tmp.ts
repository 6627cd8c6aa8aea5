import { barsTable } from '../bars/bars-table.js';
import { bool, type Column, float, integer, timestamp } from '../column.js';
import type { Family } from './family.js';

const hours = (from: number, to: number): string =>
  `hour(interval_time) >= ${from} AND hour(interval_time) < ${to}`;
const circle = (fn: 'sin' | 'cos', value: string, period: number): string =>
  `${fn}(2 * pi() * (${value}) / ${period})`;
const MINUTE_OF_DAY = 'hour(interval_time) * 60 + minute(interval_time)';

/** Calendar and sessions (UTC hours) of the bar, and the gap before it. Known at the bar, the same for all prices. */
const COLUMNS: readonly Column[] = [
  integer('hour', 'hour(interval_time)'),
  integer('minute', 'minute(interval_time)'),
  integer('minute_of_day', MINUTE_OF_DAY),
  integer('day_of_week', 'isodow(interval_time)'),
  integer('day_of_month', 'day(interval_time)'),
  integer('week_of_year', 'week(interval_time)'),
  integer('month', 'month(interval_time)'),
  integer('quarter', 'quarter(interval_time)'),
  float('hour_sin', circle('sin', MINUTE_OF_DAY, 1440)),
  float('hour_cos', circle('cos', MINUTE_OF_DAY, 1440)),
  float('dow_sin', circle('sin', 'isodow(interval_time)', 7)),
  float('dow_cos', circle('cos', 'isodow(interval_time)', 7)),
  bool('is_tokyo', hours(0, 9)),
  bool('is_london', hours(8, 17)),
  bool('is_new_york', hours(13, 22)),
  bool('is_overlap', hours(13, 17)),
  bool('is_friday', 'isodow(interval_time) = 5'),
  float('gap_minutes', 'epoch(interval_time - lag(interval_time) OVER (ORDER BY k)) / 60'),
  timestamp('week_start', "date_trunc('week', interval_time)"),
];

export function tmp(pair: string): Family {
  return { columns: COLUMNS, from: barsTable(pair) };
}
