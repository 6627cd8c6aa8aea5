import { parseBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { parsePairs } from '@onescan/contract/pair.js';
import { InvalidArgumentError } from 'commander';

/** Parsers of option values; commander names the option when one throws. */

export function parsePairList(text: string): string[] {
  return rephrase(() => parsePairs(text));
}

/** "15,30" → [15, 30]. */
export function parseHorizonList(text: string): number[] {
  return text.split(',').map((part) => parsePositive(part.trim()));
}

/** "pair,mkt" → ["pair", "mkt"]. */
export function parseNameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Give names separated by commas.');
  return names;
}

/** A whole number from 1 on. */
export function parsePositive(text: string): number {
  const value = parseWhole(text);
  if (value < 1) throw new InvalidArgumentError('Give a whole number from 1 on.');
  return value;
}

/** A whole number from 0 on. */
export function parseWhole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Give a whole number.');
  }
  return value;
}

/** A seed: a whole number of up to 64 bits. */
export function parseSeed(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 1n << 64n) {
    throw new InvalidArgumentError('Give a whole number below 2^64.');
  }
  return BigInt(text);
}

/** Dollars, with or without the sign. */
export function parseDollars(text: string): number {
  const value = Number(text.replace(/^\$/, ''));
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Give an amount of dollars, e.g. 50 or 12.5.');
  }
  return value;
}

/** "4GiB", "512 MiB" or plain bytes. */
export function parseByteCount(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || bytes < 1) {
    throw new InvalidArgumentError('Give a number of bytes, e.g. 4GiB or 512MiB.');
  }
  return bytes;
}

/** Collects repeated `--set key=value`. */
export function collectOverride(
  text: string,
  earlier: Record<string, string> | undefined,
): Record<string, string> {
  const split = text.indexOf('=');
  if (split < 1) throw new InvalidArgumentError('Give key=value, e.g. select.pairs=25.');
  return { ...earlier, [text.slice(0, split).trim()]: text.slice(split + 1).trim() };
}

/** Collects repeated `--label key=value`. */
export function parseLabel(
  text: string,
  earlier: Record<string, string> | undefined,
): Record<string, string> {
  const split = text.indexOf('=');
  if (split < 1) throw new InvalidArgumentError('Give key=value, e.g. team=fx.');
  return { ...earlier, [text.slice(0, split).trim()]: text.slice(split + 1).trim() };
}

/** Collects repeated or comma-separated globs. */
export function collectGlobs(text: string, earlier: string[] | undefined): string[] {
  const globs = text
    .split(',')
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '');
  return [...(earlier ?? []), ...globs];
}

function rephrase<T>(parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    throw new InvalidArgumentError(OnescanError.from(thrown).text);
  }
}

/** One more "name=value" for the fetcher; what the stack decides itself cannot be set. */
export function addFetcherFlag(text: string, before: string[] = []): string[] {
  const name = /^([a-z][a-z0-9-]*)=.+$/.exec(text)?.[1];
  if (!name) throw new InvalidArgumentError('Give name=value, e.g. location=us-central1.');
  if (['listen', 'cache', 'warehouse', 'grace-ms'].includes(name)) {
    throw new InvalidArgumentError(`The stack sets ${name} itself.`);
  }
  return [...before, text];
}
