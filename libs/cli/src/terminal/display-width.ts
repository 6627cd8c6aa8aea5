import stringWidth from 'string-width';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that a text takes on a terminal: wide characters take two, combining ones none. */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/** The beginning of a text that fits into so many columns. */
export function fitWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let fitting = '';
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += displayWidth(segment);
    if (width > columns) break;
    fitting += segment;
  }
  return fitting;
}

/** Control characters (Unicode category Cc) but for tab and line feed. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;

/** A text in which control characters are written out, so that a name or a message cannot steer the terminal. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
