import { describe, expect, it } from 'vitest';
import { errorOf, readText } from '../../testing/read-bars.js';

const HEADER = 'time,open,high,low,close,volume';
const FIRST = '2024-01-02 00:00:00,1.1,1.3,1.0,1.2,7';
const SECOND = '2024-01-02 00:01:00,1.2,1.4,1.1,1.3,8';
const BARS = [
  ['2024-01-02T00:00:00.000Z', 1.1, 1.3, 1.0, 1.2, 7],
  ['2024-01-02T00:01:00.000Z', 1.2, 1.4, 1.1, 1.3, 8],
];
const TEXT = `${HEADER}\n${FIRST}\n${SECOND}\n`;
const separatedBy = (separator: string): string => TEXT.replaceAll(',', separator);

describe('a CSV is read as the same bars', () => {
  it.each<[string, string | Buffer]>([
    ['plain', TEXT],
    ['without an end of the last line', TEXT.trimEnd()],
    ['with CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\uFEFF${TEXT}`],
    ['in UTF-16, little end first', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')],
    ['in UTF-16, big end first', Buffer.from(`\uFEFF${TEXT}`, 'utf16le').swap16()],
    ['with semicolons', separatedBy(';')],
    ['with tabs', separatedBy('\t')],
    ['with bars', separatedBy('|')],
    ['with spaces after the commas', separatedBy(', ')],
    ['with quotes around all', TEXT.replace(/[^,\n]+/g, '"$&"')],
    ['with a header in capitals', TEXT.replace(HEADER, HEADER.toUpperCase())],
    [
      'with angle brackets in the header',
      TEXT.replace(HEADER, '<time>,<open>,<high>,<low>,<close>,<volume>'),
    ],
    ['with blank lines', `\n${HEADER}\n\n${FIRST}\n  \n${SECOND}\n\n\n`],
    ['with other columns', `id,${HEADER},id,note\n1,${FIRST},1,"a, ""b"""\n2,${SECOND},2,\n`],
    [
      'with columns in another order',
      'volume,close,low,high,open,time\n7,1.2,1,1.3,1.1,2024-01-02 00:00:00\n8,1.3,1.1,1.4,1.2,2024-01-02 00:01:00\n',
    ],
    ['with day and clock in two columns', `date,${TEXT.replaceAll('02 00:0', '02,00:0')}`],
    [
      'with numbers in other notations',
      `${HEADER}\n2024-01-02 00:00:00,11e-1,+1.30,1.,1.2E0,7.0\n${SECOND}\n`,
    ],
    [
      'with a column of days that the time does not need',
      `date,${HEADER}\n1999-01-01,${FIRST}\n1999-01-01,${SECOND}\n`,
    ],
  ])('%s', async (_how, content) => {
    expect(await readText(content)).toEqual(BARS);
  });
});

describe('a CSV is refused with its line', () => {
  const broken = (line: string): string => `${HEADER}\n${FIRST}\n${line}\n`;
  it.each<[string, string | Buffer, string]>([
    ['empty', '', 'is empty'],
    ['blank', '\n\n', 'is empty'],
    [
      'without header',
      `${FIRST}\n${SECOND}\n`,
      'has no column time, open, high, low, close, volume in its first line',
    ],
    ['without a column', TEXT.replace('volume', 'vol'), 'has no column volume'],
    ['with a column twice', TEXT.replace('volume', 'volume,close'), 'has two columns close'],
    [
      'with two columns of time',
      TEXT.replace('volume', 'volume,timestamp'),
      'has two columns of time, time and timestamp',
    ],
    ['with a line cut off', `${HEADER}\n${FIRST}\n2024-01-02 00:01:00,1.2,1.`, 'line 3 has 3 fields, not 6'],
    ['with a line too long', broken(`${SECOND},9`), 'line 3 has 7 fields'],
    ['with decimal commas', broken('2024-01-02 00:01:00,1,2,1,4,1,1,1,3,8'), 'line 3 has 10 fields'],
    [
      'with quoted decimal commas',
      broken('2024-01-02 00:01:00,"1,2",1.4,1.1,1.3,8'),
      'line 3 has an open that is not a number: "1,2"',
    ],
    [
      'with thousands separators',
      broken('2024-01-02 00:01:00,1.2,1.4,1.1,1.3,"1,200"'),
      'line 3 has a volume that is not a number',
    ],
    [
      'with spaces in numbers',
      broken(SECOND.replace('1.4', '1 400')),
      'line 3 has a high that is not a number',
    ],
    ['with underscores in numbers', broken(SECOND.replace('1.4', '1_4')), 'line 3 has a high'],
    ['with a hexadecimal number', broken(SECOND.replace('1.4', '0x2')), 'line 3 has a high'],
    ['with NaN', broken(SECOND.replace('1.4', 'NaN')), 'line 3 has a high that is not a number: "NaN"'],
    ['with infinity', broken(SECOND.replace('1.4', '-Infinity')), 'line 3 has a high that is not a number'],
    ['with an empty price', broken(SECOND.replace('1.4', '')), 'line 3 has an empty high'],
    ['with an empty volume', broken(SECOND.replace(/8$/, '')), 'line 3 has an empty volume'],
    ['with an empty time', broken(SECOND.replace(/^[^,]+/, '')), 'line 3 has an empty time'],
    ['with commas only', broken(',,,,,'), 'line 3 has an empty time'],
    ['with tabs only', separatedBy('\t').replace(/$/, '\t\t\t\t\t'), 'line 4 has an empty time'],
    ['with a comment', broken('# by hand'), 'line 3 is a comment'],
    ['with a comment that has commas', broken('# a,b,c,d,e'), 'line 3 is a comment'],
    ['with a comment first', `# by hand\n${TEXT}`, 'line 1 is a comment'],
    [
      'with the header again',
      broken(HEADER),
      'line 3 has a time that is not written like those before: "time"',
    ],
    ['with a preamble', `EURUSD\n${TEXT}`, 'has no column'],
    ['with an open quote', broken(`"${SECOND}`), 'line 3 has a quote that is not closed'],
    ['with a quote in a field', broken(SECOND.replace('1.4', '1."4"')), 'line 3 has a quote'],
    ['with a NUL character', broken(SECOND.replace('1.4', '1\0.4')), 'line 3 has a NUL character'],
    ['in UTF-16 without its mark', Buffer.from(TEXT, 'utf16le'), 'line 1 has a NUL character'],
    ['in Latin-1', Buffer.from(`note,${HEADER}\n\xe9,${FIRST}\n`, 'latin1'), 'is not UTF-8 text'],
    [
      'with the ends of lines of old Macintoshes',
      TEXT.replaceAll('\n', '\r'),
      'line 1 has a carriage return in it',
    ],
    ['with an endless line', HEADER + 'x'.repeat(3_000_000), 'line 1 is longer than 65536 characters'],
  ])('%s', async (_how, content, message) => {
    const error = await errorOf(() => readText(content));
    expect(error).toContain('eurusd.csv');
    expect(error).toContain(message);
  });

  it('counts blank lines', async () => {
    expect(
      await errorOf(() => readText(`\n${HEADER}\n\n${FIRST}\n\n${SECOND.replace('1.4', 'x')}\n`)),
    ).toContain('line 6 has');
  });
});
