import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';
import { badFile } from '../bad-bars.js';

const PIECE_BYTES = 1 << 20;
const LONGEST_LINE = 1 << 16;

/**
 * Calls `onLine` with every line of a text file and its number, from 1. Text is UTF-8, or UTF-16 with a byte order mark
 * (as MetaTrader's scripts write it); lines end in LF or CRLF, the last one may have no end.
 *
 * @throws OnescanError INVALID_ARGUMENT when the bytes are not such text; AbortError when the signal fires
 */
export async function readLines(
  file: string,
  onLine: (line: string, number: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let decoder: TextDecoder | undefined;
  let rest = '';
  let number = 0;
  const take = (line: string): void => {
    number++;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    checkCharacters(file, text, number);
    onLine(text, number);
  };
  const feed = (text: string): void => {
    const all = rest + text;
    let from = 0;
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', from)) {
      take(all.slice(from, end));
      from = end + 1;
    }
    rest = all.slice(from);
    if (rest.length > LONGEST_LINE) take(rest);
  };
  for await (const piece of createReadStream(file, {
    highWaterMark: PIECE_BYTES,
    ...(signal && { signal }),
  })) {
    const bytes = piece as Buffer;
    decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
    feed(decode(file, number, () => decoder!.decode(bytes, { stream: true })));
  }
  feed(decode(file, number, () => decoder?.decode() ?? ''));
  if (rest !== '') take(rest);
}

function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

function decode(file: string, number: number, run: () => string): string {
  try {
    return run();
  } catch (cause) {
    throw badFile(file, `is not UTF-8 text (after line ${number})`, 'Save it as UTF-8', cause);
  }
}

function checkCharacters(file: string, line: string, number: number): void {
  if (line.length > LONGEST_LINE) {
    throw badFile(file, `line ${number} is longer than ${LONGEST_LINE} characters`, 'Check that it is a CSV');
  }
  if (line.includes('\0')) {
    throw badFile(
      file,
      `line ${number} has a NUL character`,
      'Save the file as UTF-8, or as UTF-16 with its byte order mark',
    );
  }
  if (line.includes('\r')) {
    throw badFile(file, `line ${number} has a carriage return in it`, 'End lines with LF or CRLF');
  }
}
