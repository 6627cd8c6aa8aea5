import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine } from './csv.js';

it('quotes only what needs it', () => {
  expect(csvLine(['a', 1.5, undefined, 'b,c', 'say "x"', 'two\nlines'])).toBe(
    'a,1.5,,"b,c","say ""x""","two\nlines"\n',
  );
});

it.each([
  ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ['+1+1', "'+1+1"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', "'\\u000d=1"],
  ['\n=1', `"'\n=1"`],
  ['＝1+1', "'＝1+1"],
  ['-', "'-"],
])('no spreadsheet runs %j', (text, field) => {
  expect(csvLine([text])).toBe(`${field}\n`);
});

it('numbers stay numbers, and texts that are nothing else', () => {
  expect(csvLine([-0.5, 1e-7, -3, '-0.5', '+1e-7', '-3', 'a=b', 'h-1'])).toBe(
    '-0.5,1e-7,-3,-0.5,+1e-7,-3,a=b,h-1\n',
  );
});

it('writes out what would steer a terminal', () => {
  expect(csvLine(['\u001b]0;x\u0007', '\u202egnp.exe'])).toBe('\\u001b]0;x\\u0007,\\u202egnp.exe\n');
});

it('never lets a text leave its field, and gives the exact text when asked', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(readField(csvLine([text], { exact: true }).slice(0, -1))).toBe(text);
      const safe = readField(csvLine([text]).slice(0, -1));
      expect(safe).toBeDefined();
      expect(safe).not.toMatch(/^[=@\t\r]|^[+-](?![\d.])/);
    }),
  );
});

/** Reads one CSV field the way RFC 4180 says; undefined when it is not exactly one. */
function readField(record: string): string | undefined {
  if (/^"(?:[^"]|"")*"$/.test(record)) return record.slice(1, -1).replaceAll('""', '"');
  return /[",\r\n]/.test(record) ? undefined : record;
}
