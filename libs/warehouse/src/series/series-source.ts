import { barsTable } from '../bars/bars-table.js';
import type { Variant } from '../variant.js';
import { BQX_WINDOW } from '../windows.js';

/**
 * One line to compute rolling families on: SQL that yields interval_time, x and, where the line has them,
 * open, high, low and volume (else NULL). x is never NULL: rows without a value are not rows of the line.
 */
export interface SeriesSource {
  readonly name: string;
  readonly sql: string;
}

/** The line of a pair: its close as quoted, indexed to 100 at the first bar, or its bqx_45. */
export function pairSeries(pair: string, variant: Variant): SeriesSource {
  return { name: `${pair} ${variant}`, sql: pairSeriesSql(pair, variant) };
}

function pairSeriesSql(pair: string, variant: Variant): string {
  const from = `FROM ${barsTable(pair)}`;
  switch (variant) {
    case 'plain':
      return `SELECT interval_time, close AS x, open, high, low, volume ${from}`;
    case 'idx': {
      const idx = (column: string): string => `100 * ${column} / first_close`;
      return `SELECT interval_time, ${idx('close')} AS x, ${idx('open')} AS open, ${idx('high')} AS high,
  ${idx('low')} AS low, 100 * volume / first_volume AS volume ${from}`;
    }
    case 'bqx': {
      const bqx = (column: string): string => `100 * (${column} - close_before) / close_before`;
      return `SELECT interval_time, bqx_${BQX_WINDOW} AS x, ${bqx('open')} AS open, ${bqx('high')} AS high,
  ${bqx('low')} AS low, volume ${from} WHERE bqx_${BQX_WINDOW} IS NOT NULL`;
    }
  }
}

/** A line without open, high, low and volume from an expression over a table with interval_time. */
export function plainSeries(name: string, expression: string, from: string): SeriesSource {
  return {
    name,
    sql: `SELECT interval_time, ${expression} AS x, NULL::DOUBLE AS open, NULL::DOUBLE AS high,
  NULL::DOUBLE AS low, NULL::DOUBLE AS volume FROM ${from}`,
  };
}
