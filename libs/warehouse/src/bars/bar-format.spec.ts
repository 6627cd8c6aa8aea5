import { describe, expect, it } from 'vitest';
import { errorOf, readText } from '../testing/read-bars.js';

const MT5 = [
  '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>',
  '2024.03.08\t02:00:00\t1.1\t1.3\t1.0\t1.2\t41\t0\t3',
  '2024.03.12\t02:00:00\t1.2\t1.4\t1.1\t1.3\t42\t0\t3',
];
const MT4 = ['2024.03.08,02:00,1.1,1.3,1.0,1.2,41', '2024.03.12,02:00,1.2,1.4,1.1,1.3,42'];

const bars = (first: string, second: string): unknown[] => [
  [first, 1.1, 1.3, 1.0, 1.2, 41],
  [second, 1.2, 1.4, 1.1, 1.3, 42],
];
const text = (lines: readonly string[], end = '\n'): string => lines.join(end) + end;

describe('exports of other programs', () => {
  it('MetaTrader 5: tabs, angle brackets, tick volume; the server keeps the summer of New York', async () => {
    const reading = { format: 'mt5', timeZone: 'America/New_York+7' } as const;
    const expected = bars('2024-03-08T00:00:00.000Z', '2024-03-11T23:00:00.000Z');
    expect(await readText(text(MT5, '\r\n'), reading)).toEqual(expected);
    expect(await readText(Buffer.from(`\uFEFF${text(MT5, '\r\n')}`, 'utf16le'), reading)).toEqual(expected);
    const inAthens = await readText(text(MT5), { format: 'mt5', timeZone: 'Europe/Athens' });
    expect(inAthens).toEqual(bars('2024-03-08T00:00:00.000Z', '2024-03-12T00:00:00.000Z'));
  });

  it('MetaTrader 5: bars of days have no clock', async () => {
    const days = MT5.map((line) => line.split('\t').toSpliced(1, 1).join('\t'));
    expect(await readText(text(days), { format: 'mt5', timeZone: 'UTC' })).toEqual(
      bars('2024-03-08T00:00:00.000Z', '2024-03-12T00:00:00.000Z'),
    );
  });

  it('MetaTrader 4: no header', async () => {
    expect(await readText(text(MT4), { format: 'mt4', timeZone: '+02:00' })).toEqual(
      bars('2024-03-08T00:00:00.000Z', '2024-03-12T00:00:00.000Z'),
    );
  });

  it.each(['mt4', 'mt5'] as const)(
    '%s does not say whose clock it shows, so the zone must be given',
    async (format) => {
      expect(await errorOf(() => readText(text(MT4), { format }))).toContain(
        `--bars-format ${format} needs --time-zone`,
      );
    },
  );

  it('HistData: no header, eastern standard time in summer too', async () => {
    const ascii = ['20240308 020000;1.1;1.3;1.0;1.2;41', '20240702 020000;1.2;1.4;1.1;1.3;42'];
    const expected = bars('2024-03-08T07:00:00.000Z', '2024-07-02T07:00:00.000Z');
    expect(await readText(text(ascii), { format: 'histdata' })).toEqual(expected);
    const metatrader = ['2024.03.08,02:00,1.1,1.3,1.0,1.2,41', '2024.07.02,02:00,1.2,1.4,1.1,1.3,42'];
    expect(await readText(text(metatrader), { format: 'histdata' })).toEqual(expected);
  });

  it('Dukascopy: the day first, in UTC or with an offset', async () => {
    const lines = (header: string, first: string, second: string): string =>
      text([
        `${header},Open,High,Low,Close,Volume`,
        `${first},1.1,1.3,1.0,1.2,41`,
        `${second},1.2,1.4,1.1,1.3,42`,
      ]);
    const gmt = lines('Gmt time', '01.02.2024 00:00:00.000', '01.07.2024 00:00:00.000');
    expect(await readText(gmt, { format: 'dukascopy' })).toEqual(
      bars('2024-02-01T00:00:00.000Z', '2024-07-01T00:00:00.000Z'),
    );
    const local = lines('Local time', '01.02.2024 02:00:00.000 GMT+0200', '01.07.2024 03:00:00.000 GMT+0300');
    expect(await readText(local, { format: 'dukascopy' })).toEqual(
      bars('2024-02-01T00:00:00.000Z', '2024-07-01T00:00:00.000Z'),
    );
    expect(await errorOf(() => readText(gmt))).toContain('has no column time');
  });

  it('TradingView: seconds since 1970, ISO 8601 with an offset, or days; columns of indicators', async () => {
    const lines = (first: string, second: string): string =>
      text([
        'time,open,high,low,close,Volume,Plot,Plot',
        `${first},1.1,1.3,1.0,1.2,41,,NaN`,
        `${second},1.2,1.4,1.1,1.3,42,1,2`,
      ]);
    for (const [first, second] of [
      ['1704153600', '1704240000'],
      ['2024-01-02T00:00:00Z', '2024-01-03T00:00:00Z'],
      ['2024-01-02T02:00:00+02:00', '2024-01-02T19:00:00-05:00'],
      ['2024-01-02', '2024-01-03'],
    ]) {
      expect(await readText(lines(first!, second!), { format: 'tradingview' })).toEqual(
        bars('2024-01-02T00:00:00.000Z', '2024-01-03T00:00:00.000Z'),
      );
    }
  });

  it.each([
    ['mt4', MT5, 'has a first line that is no bar of this format'],
    ['mt5', MT4, 'has no column time, open, high, low, close, tickvol'],
    ['histdata', MT5, 'Its lines are time;open;high;low;close;volume or date,time,open'],
    ['mt4', ['2024-03-08,02:00,1.1,1.3,1.0,1.2,41'], 'line 1 has a time that is not %Y.%m.%d %H:%M:%S or'],
  ] as const)('%s is not taken for another export', async (format, lines, message) => {
    expect(await errorOf(() => readText(text(lines), { format, timeZone: 'UTC' }))).toContain(message);
  });
});
