import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readText } from '../../testing/read-bars.js';
import type { BarReading } from '../bar-reading.js';

const HEADER = 'time,open,high,low,close,volume';

describe('bars that were written are read back', () => {
  const bar = fc.record({
    step: fc.integer({ min: 1, max: 100_000 }),
    values: fc.tuple(...Array.from({ length: 5 }, () => fc.double({ min: 1e-9, max: 1e9, noNaN: true }))),
  });
  const dialect = fc.record({
    separator: fc.constantFrom(',', ';', '\t', '|'),
    newline: fc.constantFrom('\n', '\r\n'),
    quoted: fc.boolean(),
    last: fc.boolean(),
    encode: fc.constantFrom<(text: string) => Buffer>(
      (text) => Buffer.from(text),
      (text) => Buffer.from(`\uFEFF${text}`),
      (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
    ),
  });
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const pad = (value: number): string => String(value).padStart(2, '0');
  /** Parts of a time as a clock with a fixed offset from UTC shows it. */
  const clock = (seconds: number, hours = 0): { date: string[]; time: string[] } => {
    const at = new Date((seconds + hours * 3600) * 1000);
    return {
      date: [String(at.getUTCFullYear()), pad(at.getUTCMonth() + 1), pad(at.getUTCDate())],
      time: [pad(at.getUTCHours()), pad(at.getUTCMinutes()), pad(at.getUTCSeconds())],
    };
  };
  const metatrader =
    (hours: number) =>
    (seconds: number): string[] => {
      const { date, time } = clock(seconds, hours);
      return [date.join('.'), time.join(':')];
    };
  /** Name, how it is read, header if any, the fields of a time, and the separator where there is but one. */
  const ways: [string, BarReading, string | undefined, (seconds: number) => string | string[], string?][] = [
    ['MetaTrader 4', { format: 'mt4', timeZone: '+02:00' }, undefined, metatrader(2), ','],
    [
      'MetaTrader 5',
      { format: 'mt5', timeZone: '-03:00' },
      '<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>',
      metatrader(-3),
    ],
    [
      'HistData',
      { format: 'histdata' },
      undefined,
      (s) => {
        const { date, time } = clock(s, -5);
        return `${date.join('')} ${time.join('')}`;
      },
      ';',
    ],
    ['ISO 8601', {}, HEADER, iso],
    ['ISO 8601 with an offset', {}, HEADER, (s) => `${iso(s + 7200).slice(0, 19)}+02:00`],
    ['seconds', { format: 'tradingview' }, 'time,open,high,low,close,Volume', String],
    ['milliseconds', {}, HEADER, (s) => `${s}000`],
    ['nanoseconds', {}, HEADER, (s) => `${s}000000000`],
    [
      'a format',
      { timeFormat: '%m/%d/%y %I:%M:%S %p', timeZone: '+05:30' },
      HEADER,
      (s) => {
        const {
          date: [y, m, d],
          time: [h, ...rest],
        } = clock(s, 5.5);
        return `${m}/${d}/${y!.slice(2)} ${pad(((Number(h) + 11) % 12) + 1)}:${rest.join(':')} ${Number(h) < 12 ? 'AM' : 'PM'}`;
      },
    ],
    [
      'Dukascopy',
      { format: 'dukascopy' },
      'Gmt time,Open,High,Low,Close,Volume',
      (s) => {
        const { date, time } = clock(s);
        return `${date.toReversed().join('.')} ${time.join(':')}.000`;
      },
    ],
  ];

  it.each(ways)('%s', async (_name, reading, header, write, only) => {
    await fc.assert(
      fc.asyncProperty(fc.array(bar, { minLength: 1, maxLength: 30 }), dialect, async (bars, how) => {
        let seconds = 1_500_000_000;
        const timed = bars.map(({ step, values }) => {
          seconds += step;
          return [seconds, ...values] as const;
        });
        const quote = (field: string): string => (how.quoted ? `"${field}"` : field);
        const lines = [
          ...(header === undefined ? [] : [header.split(',')]),
          ...timed.map(([time, ...values]) => [write(time), ...values.map(String)].flat()),
        ].map((fields) => fields.map(quote).join(only ?? how.separator));
        const content = how.encode(lines.join(how.newline) + (how.last ? how.newline : ''));
        expect(await readText(content, reading)).toEqual(
          timed.map(([time, ...values]) => [iso(time), ...values]),
        );
      }),
      { numRuns: 25 },
    );
  });
});
