import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine } from './csv.js';

it('quotes only what needs it', () => {
  expect(csvLine(['a', 1.5, undefined, 'b,c', 'say "x"', 'two\nlines'])).toBe(
    'a,1.5,,"b,c","say ""x""","two\nlines"\n',
  );
});

it('never lets a text leave its field', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(readField(csvLine([text]).slice(0, -1))).toBe(text);
    }),
  );
});

/** Reads one CSV field the way RFC 4180 says; undefined when it is not exactly one. */
function readField(record: string): string | undefined {
  if (/^"(?:[^"]|"")*"$/.test(record)) return record.slice(1, -1).replaceAll('""', '"');
  return /[",\r\n]/.test(record) ? undefined : record;
}
