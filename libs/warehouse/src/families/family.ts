import type { Column } from '../column.js';
import { SERIES_TABLE } from '../series/series-table.js';

/** A feature table computed on a line: its columns and where they come from. */
export interface Family {
  readonly columns: readonly Column[];
  /** Everything after FROM; the series table unless the family needs a stage of its own. */
  readonly from: string;
}

/** Which columns of a family a universe has: all, or those named. */
export type Stats = 'all' | readonly string[];

/** A column of a family before its window: the stem of its name and how to make it for W bars. */
export type StatTable = Readonly<Record<string, (window: number) => Column>>;

/** The columns of every chosen stat for every window, stats in the order of the table. */
export function columnsOf(table: StatTable, stats: Stats, windows: readonly number[]): Column[] {
  return Object.entries(table)
    .filter(([name]) => stats === 'all' || stats.includes(name))
    .flatMap(([, make]) => windows.map((window) => make(window)));
}

/** A family that selects from the series table, in the order of its rows. */
export function fromSeries(columns: readonly Column[], where = ''): Family {
  return { columns, from: `${SERIES_TABLE}${where ? ` WHERE ${where}` : ''}` };
}
