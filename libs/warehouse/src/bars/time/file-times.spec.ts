import { describe, expect, it } from 'vitest';
import { errorOf, readText, readTimes } from '../../testing/read-bars.js';

describe('times without a format', () => {
  it.each([
    ['2024-02-01 00:00:00', '2024-02-01T00:00:00.000Z'],
    ['2024-02-01T00:00:00Z', '2024-02-01T00:00:00.000Z'],
    ['2024-02-01 00:00', '2024-02-01T00:00:00.000Z'],
    ['2024-2-1 5:07', '2024-02-01T05:07:00.000Z'],
    ['2024/02/01 00:00:00', '2024-02-01T00:00:00.000Z'],
    ['2024.02.01 00:00:00', '2024-02-01T00:00:00.000Z'],
    ['2024-02-01', '2024-02-01T00:00:00.000Z'],
    ['20240201T000000Z', '2024-02-01T00:00:00.000Z'],
    ['2024-02-01 00:00:00.250', '2024-02-01T00:00:00.250Z'],
    ['2024-02-01 00:00:00,250', '2024-02-01T00:00:00.250Z'],
    ['2024-02-01 00:00:00.250999999', '2024-02-01T00:00:00.250Z'],
    ['2024-02-01 00:00:00 UTC', '2024-02-01T00:00:00.000Z'],
    ['2024-02-01 00:00:00+02', '2024-01-31T22:00:00.000Z'],
    ['2024-02-01 00:00:00 +0230', '2024-01-31T21:30:00.000Z'],
    ['2024-02-01T00:00:00-05:00', '2024-02-01T05:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['1706745600', '2024-02-01T00:00:00.000Z'],
    ['1706745600.5', '2024-02-01T00:00:00.500Z'],
    ['1706745600000', '2024-02-01T00:00:00.000Z'],
    ['1706745600000000', '2024-02-01T00:00:00.000Z'],
    ['1706745600000000000', '2024-02-01T00:00:00.000Z'],
    ['31536000', '1971-01-01T00:00:00.000Z'],
  ])('%s is %s', async (text, expected) => {
    expect(await readTimes([text])).toEqual([expected]);
  });

  it.each([
    [
      '02/01/2024 00:00:00',
      ['2024-01-02 00:00:00 (%d/%m/%Y %H:%M:%S)', '2024-02-01 00:00:00 (%m/%d/%Y %H:%M:%S)'],
    ],
    ['02-01-2024', ['2024-01-02 00:00:00 (%d-%m-%Y)', '2024-02-01 00:00:00 (%m-%d-%Y)']],
    ['2.1.2024 00:00', ['(%d.%m.%Y %H:%M)', '(%m.%d.%Y %H:%M)']],
    ['01/02/24 00:00', ['2024-02-01', '2024-01-02', '2001-02-24']],
    ['01.02.24 00:00:00', ['(%d.%m.%y %H:%M:%S)', '(%m.%d.%y %H:%M:%S)', '(%y.%m.%d %H:%M:%S)']],
    ['13/02/2024 00:00:00', ['2024-02-13 00:00:00 (%d/%m/%Y %H:%M:%S)']],
    ['01/31/2024 1:05 PM', ['2024-01-31 13:05:00 (%m/%d/%Y %I:%M %p)']],
    ['01-Feb-2024 00:00', ['(%d-%b-%Y %H:%M)']],
    ['20240201', ['2024-02-01 00:00:00 (%Y%m%d)']],
    ['20240201 000000', ['(%Y%m%d %H%M%S)']],
    // A minute of 2024, or milliseconds of 1976.
    ['202402010000', ['2024-02-01 00:00:00 (%Y%m%d%H%M)', '1976-05-31 14:46:50 (epoch-ms)']],
    ['01.02.2024 00:00:00.000 GMT+0200', ['(%d.%m.%Y %H:%M:%S.%f GMT%z)']],
  ])('%s is refused with its readings', async (text, readings) => {
    const error = await errorOf(() => readTimes([text]));
    expect(error).toContain(`line 2: time "${text}"`);
    for (const reading of readings) expect(error).toContain(reading);
    const [, format] = /--time-format '([^']*)'/.exec(error)!;
    expect(await readTimes([text], { timeFormat: format! })).toHaveLength(1);
  });

  it.each([
    'yesterday',
    '2024-13-01',
    '2023-02-29',
    '2024-02-01 24:00:00',
    '2024-02-01 00:60',
    '2024-02-01 00:00:60',
    '2024-02-01 00:00:00+99:00',
    '2024-02-01 00:00:00 EST',
    '24:00',
    '-5',
    '0',
    '45323.5',
    '99999999999999999999',
    'infinity',
    'NaT',
  ])('%s is refused', async (text) => {
    expect(await errorOf(() => readTimes([text]))).toContain(`time is not one that can be read: "${text}"`);
  });

  it('are all written like the first', async () => {
    expect(await errorOf(() => readTimes(['2024-02-01', '02/03/2024']))).toContain(
      'line 3 has a time that is not written like those before',
    );
    expect(await errorOf(() => readTimes(['1706745600', '2024-02-02']))).toContain('line 3');
    expect(await errorOf(() => readTimes(['2024-02-01', '2024-02-02T00:00:00Z']))).toContain(
      'line 3 has a time with an offset',
    );
  });

  it('do not depend on lines that come later', async () => {
    expect(await errorOf(() => readTimes(['02/01/2024', '13/01/2024']))).toContain('line 2');
  });
});

describe('times with a format', () => {
  it.each([
    ['%m/%d/%Y', '02/01/2024', '2024-02-01T00:00:00.000Z'],
    ['%d.%m.%y %H:%M', '01.02.24 05:06', '2024-02-01T05:06:00.000Z'],
    ['%d/%m/%y', '01/02/71', '1971-02-01T00:00:00.000Z'],
    ['%Y%m%d%H%M%S', '20240201050607', '2024-02-01T05:06:07.000Z'],
    ['%Y%m%d %H%M%S%f', '20240201 050607123', '2024-02-01T05:06:07.123Z'],
    ['%b %d, %Y %I:%M %p', 'Feb 1, 2024 12:05 am', '2024-02-01T00:05:00.000Z'],
    ['%d %B %Y', '01 february 2024', '2024-02-01T00:00:00.000Z'],
    ['%F %T %z', '2024-02-01 05:06:07 +0200', '2024-02-01T03:06:07.000Z'],
    ['[%Y-%m-%d] 100%%', '[2024-02-01] 100%', '2024-02-01T00:00:00.000Z'],
    ['epoch-s', '5', '1970-01-01T00:00:05.000Z'],
    ['epoch-ms', '202402010000', '1976-05-31T14:46:50.000Z'],
  ])('%s reads %s', async (timeFormat, text, expected) => {
    expect(await readTimes([text], { timeFormat })).toEqual([expected]);
  });

  it.each([
    ['%H:%M', 'has no year'],
    ['%Y-%m', 'has no day'],
    ['%Y-%m-%d %Y', 'has a year (%Y) twice'],
    ['%Y-%m-%d %I:%M', 'has %I without %p'],
    ['%Y-%m-%d %q', 'has "%q", which is not understood'],
    ['%Y-%m-%d %', 'has "%", which is not understood'],
    ['', 'has no year'],
    ['epoch', 'has no year'],
    ['%Y-%m-%d'.padEnd(200, 'x'), 'is too long'],
  ])('%s is no format', async (timeFormat, message) => {
    expect(await errorOf(() => readTimes(['2024-02-01'], { timeFormat }))).toContain(message);
  });

  it.each([
    ['20240201', '050607', '%Y%m%d %H%M%S', '2024-02-01T05:06:07.000Z'],
    ['02/01/2024', '0506', '%m/%d/%Y %H%M', '2024-02-01T05:06:00.000Z'],
    ['02/01/2024', '5:06 PM', '%m/%d/%Y %I:%M %p', '2024-02-01T17:06:00.000Z'],
  ])(
    'is of day and clock where they are in two columns: %s and %s',
    async (date, time, timeFormat, expected) => {
      const text = `date,time,open,high,low,close,volume\n${date},${time},1,1,1,1,0\n`;
      expect((await readText(text, { timeFormat }))[0]![0]).toBe(expected);
      expect(await errorOf(() => readText(text))).toContain(timeFormat);
    },
  );

  it('names the line that is written otherwise', async () => {
    const error = await errorOf(() => readTimes(['02/01/2024', '02/13/2024'], { timeFormat: '%d/%m/%Y' }));
    expect(error).toContain('line 3 has a time that is not %d/%m/%Y: "02/13/2024"');
  });
});
