import type { BarFormat } from '../bar-format.js';
import { splitFields } from './split-fields.js';

/** Where a bar stands in the fields of a line. */
export interface CsvLayout {
  readonly separator: string;
  /** Fields of every line. */
  readonly fields: number;
  /** True when the first line is the header. */
  readonly hasHeader: boolean;
  readonly time: number;
  /** Column of the day that goes before a time which is only a clock. */
  readonly date: number | undefined;
  /** Formats of the time; none: ISO 8601 or an epoch. */
  readonly timeFormats: readonly string[];
  /** Columns of open, high, low, close, volume. */
  readonly values: readonly [number, number, number, number, number];
}

/** Why a first line is no header or bar of the format, and what to do. */
export interface BadLayout {
  readonly problem: string;
  readonly remedy: string;
}

const SEPARATORS = [',', ';', '\t', '|'] as const;

/**
 * The layout of a CSV from its first line. With a header, the separator is the one of comma, semicolon, tab and bar that
 * yields the columns that are needed; what else there is does not matter. Without, the format says all.
 */
export function csvLayout(firstLine: string, format: BarFormat): CsvLayout | BadLayout {
  if (format.headerless !== undefined) return headerlessLayout(firstLine, format);
  let worst: BadLayout | undefined;
  let most = 0;
  for (const separator of SEPARATORS) {
    const names = splitFields(firstLine, separator)?.map(columnName);
    if (names === undefined) continue;
    const layout = namedLayout(names, separator, format);
    if (!('problem' in layout)) return { ...layout, hasHeader: true };
    if (names.length <= most) continue;
    most = names.length;
    worst = layout;
  }
  return worst ?? { problem: 'has a quote in its header that is not closed', remedy: 'Check the first line' };
}

/** `<TICKVOL>` of MetaTrader is `tickvol`. */
const columnName = (field: string): string => field.toLowerCase().replace(/^<(.*)>$/, '$1');

function headerlessLayout(firstLine: string, format: BarFormat): CsvLayout | BadLayout {
  for (const [separator, { names }] of Object.entries(format.headerless!)) {
    if (splitFields(firstLine, separator)?.length !== names.length) continue;
    return { ...(namedLayout(names, separator, format) as CsvLayout), hasHeader: false };
  }
  return {
    problem: `has a first line that is no bar of this format: "${firstLine.slice(0, 80)}"`,
    remedy: `Its lines are ${Object.entries(format.headerless!)
      .map(([separator, { names }]) => names.join(separator))
      .join(' or ')}, without header. Check --bars-format`,
  };
}

function namedLayout(
  names: readonly string[],
  separator: string,
  format: BarFormat,
): Omit<CsvLayout, 'hasHeader'> | BadLayout {
  const wanted = ['open', 'high', 'low', 'close', format.volume];
  const times = Object.keys(format.times).filter((name) => names.includes(name));
  const missing = wanted.filter((name) => !names.includes(name));
  if (times.length === 0) missing.unshift(Object.keys(format.times)[0]!);
  if (missing.length > 0) {
    return {
      problem: `has no column ${missing.join(', ')} in its first line`,
      remedy: `It needs the columns ${[Object.keys(format.times)[0], ...wanted].join(', ')}. For the exports of others, with or without header, see --bars-format`,
    };
  }
  const clocks = times.filter((name) => name !== 'date');
  const time = clocks[0] ?? 'date';
  if (clocks.length > 1) {
    return {
      problem: `has two columns of time, ${clocks.join(' and ')}`,
      remedy: 'Keep the one that is right',
    };
  }
  const date = names.includes('date') && time !== 'date' ? 'date' : undefined;
  const doubled = [time, ...wanted].find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (doubled !== undefined) {
    return { problem: `has two columns ${doubled}`, remedy: 'Keep the one that is right' };
  }
  const at = (name: string): number => names.indexOf(name);
  return {
    separator,
    fields: names.length,
    time: at(time),
    date: date === undefined ? undefined : at(date),
    timeFormats: format.times[time]!,
    values: [at('open'), at('high'), at('low'), at('close'), at(format.volume)],
  };
}
