/** Put where a text was cut. */
const CUT = '…';

/** What would change a terminal, a log or a header instead of being read, and halves of characters. */
const UNSENDABLE = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\p{Cs}]/gu;

/**
 * A text fit to be sent in a header: well-formed Unicode, control and bidirectional characters replaced by U+FFFD
 * (tabs and line ends stay), cut between characters to a number of bytes.
 *
 * @param maxBytes of the text percent-encoded, with the mark that says that it was cut
 */
export function sendableText(text: string, maxBytes: number): string {
  // Every character takes a byte at least: what lies beyond is not even looked at.
  const within = text.slice(0, maxBytes + 1).replace(UNSENDABLE, '\uFFFD');
  const parts: string[] = [];
  const mark = encodeURIComponent(CUT).length;
  let bytes = 0;
  let kept = 0;
  for (const character of within) {
    bytes += encodeURIComponent(character).length;
    if (bytes > maxBytes) return `${parts.slice(0, kept).join('')}${CUT}`;
    parts.push(character);
    if (bytes + mark <= maxBytes) kept = parts.length;
  }
  return parts.join('');
}

/** The beginning of a text that a peer sent, quoted, fit for messages. */
export function quoted(text: string, maxCharacters = 64): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}${CUT}` : text;
  return JSON.stringify(short.replace(UNSENDABLE, '\uFFFD'));
}
