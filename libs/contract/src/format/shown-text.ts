/**
 * What a terminal would obey, or a reader not see: control characters (C0 but for tab and line feed, DEL, C1), format
 * characters (those that turn the direction of text, invisible ones, the byte order mark; not the joiners that words and
 * emoji are made with), separators of lines and paragraphs, and halves of surrogate pairs.
 */
const HIDDEN = /[^\P{Cc}\t\n]|[^\P{Cf}\u200c\u200d]|[\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text as it may be shown: characters that could steer a terminal, or hide what is there, are written out as `\u001b`.
 * Inside a JSON document that is the same document; what was shown already stays as it is.
 */
export function shownText(text: string): string {
  return text.replace(HIDDEN, (found) => found.split('').map(escaped).join(''));
}

/** The same on one line, for a text that others could continue on a line that looks like one of ours. */
export function shownLine(text: string): string {
  return shownText(text.replace(/\s*[\r\n\t\u2028\u2029]+\s*/g, ' '));
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
