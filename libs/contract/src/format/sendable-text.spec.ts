import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoted, sendableText } from './sendable-text.js';

it('whatever a text is made of, it can be put into a header and is no longer than allowed', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    // Code units alone: halves of surrogate pairs among them.
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
      .map((units) => String.fromCharCode(...units)),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 16, max: 200 }), (given, maxBytes) => {
      const sent = sendableText(given, maxBytes);
      expect(encodeURIComponent(sent).length).toBeLessThanOrEqual(maxBytes);
      expect(sent.replaceAll(/[\t\n]/g, '')).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u);
    }),
  );
});

it.each([
  ['plain text', 'plain text'],
  ['two\nlines', 'two\nlines'],
  ['a\u001b[2Jb', 'a\uFFFD[2Jb'],
  ['half \ud83d', 'half \uFFFD'],
  ['whole 😀', 'whole 😀'],
  ['x'.repeat(100), `${'x'.repeat(31)}…`],
])('%j becomes %j', (given, sent) => {
  expect(sendableText(given, 40)).toBe(sent);
});

it('cuts what a peer sent, between characters or not, to a text that is well-formed', () => {
  expect(quoted('x"y')).toBe('"x\\"y"');
  expect(quoted(`${'x'.repeat(63)}😀`)).toBe(`"${'x'.repeat(63)}\uFFFD…"`);
});
