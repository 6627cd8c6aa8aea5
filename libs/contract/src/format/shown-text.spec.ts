import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shownLine, shownText } from './shown-text.js';

/** First and last of the ranges that never reach a terminal. */
const NEVER: readonly (readonly [number, number])[] = [
  [0x00, 0x08], [0x0b, 0x1f], [0x7f, 0x9f], [0x61c, 0x61c], [0x200e, 0x200f], [0x2028, 0x202e], [0x2060, 0x2064],
  [0x2066, 0x206f], [0xfeff, 0xfeff], [0xfff9, 0xfffb], [0xd800, 0xdfff],
]; // biome-ignore format: a table

it('writes every character out that could steer a terminal or hide text', () => {
  for (const [first, last] of NEVER) {
    for (let unit = first; unit <= last; unit++) {
      const written = `\\u${unit.toString(16).padStart(4, '0')}`;
      expect(shownText(`a${String.fromCharCode(unit)}b`)).toBe(`a${written}b`);
    }
  }
  expect(shownText('\u{e0041}')).toBe('\\udb40\\udc41');
});

it('leaves text of any language, joined emoji, tabs and line breaks as they are', () => {
  const text = 'a\tb\n日本 עברית العربية नमस्ते ｆｗ 👩‍💻 e\u0301 می\u200cخواهم é ± −1';
  expect(shownText(text)).toBe(text);
});

it('a JSON document stays the same document, and what was shown stays as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }), (value, text) => {
      const document = { value, text, [text]: '\u001b]0;x\u0007\u202e\u0085\ufeff' };
      const shown = shownText(JSON.stringify(document));
      expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(document)));
      expect(shownText(shown)).toBe(shown);
      for (const unit of shown.split('').map((c) => c.charCodeAt(0)))
        if (NEVER.some(([first, last]) => first !== 0xd800 && unit >= first && unit <= last))
          throw new Error(`shows U+${unit.toString(16)}`);
    }),
  );
});

it('makes one line of many', () => {
  expect(shownLine('a\r\nRun x: completed\u2028b\n\n\tc\u001b[1A')).toBe('a Run x: completed b c\\u001b[1A');
});
