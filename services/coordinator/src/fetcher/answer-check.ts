import { OnescanError } from '@onescan/contract/onescan-error.js';
import { priceOf } from '../model/cost.js';

/** Bytes of a dataset's statements: more no warehouse has read at once, and all sums of doubles stay exact. */
export const MAX_BYTES = 2n ** 53n - 1n;
/** Names of tables, columns and jobs have at most some hundred characters, ids of features 1,325. */
export const MAX_NAME = 2_048;
/** Sentences: notes, reasons, errors. */
export const MAX_TEXT = 16_384;
/** As the fetcher's flag allows. */
const MAX_PRICE_PER_TIB_USD = 1_000_000;

/** Two roundings of doubles apart. */
const ROUNDING = 1e-9;

/**
 * Checks the fields of an answer of the fetcher. Every method throws OnescanError INTERNAL that names what the answer is
 * about and the first field that cannot be: "the fetcher's answer for eurusd is not valid: usd is NaN".
 */
export class AnswerCheck {
  readonly #about: string;

  constructor(about: string) {
    this.#about = about;
  }

  fail(why: string): never {
    throw new OnescanError('INTERNAL', `the fetcher's answer for ${this.#about} is not valid: ${why}`, {
      remedy:
        'Let fetcher and coordinator be of one version and look at the log of the fetcher, then resume the run',
    });
  }

  /** A whole number in a closed range. */
  within(name: string, value: number | bigint, low: number | bigint, high: number | bigint): void {
    const isWhole = typeof value === 'bigint' || Number.isInteger(value);
    if (!isWhole || value < low || value > high) this.fail(`${name} is ${value}, not ${low} to ${high}`);
  }

  bytes(name: string, value: bigint): void {
    this.within(name, value, 0n, MAX_BYTES);
  }

  finite(name: string, value: number): void {
    if (!Number.isFinite(value)) this.fail(`${name} is ${value}`);
  }

  share(name: string, value: number): void {
    if (!(value >= 0 && value <= 1)) this.fail(`${name} is ${value}, not a share`);
  }

  price(value: number): void {
    this.finite('price_per_tib_usd', value);
    if (value < 0 || value > MAX_PRICE_PER_TIB_USD) this.fail(`price_per_tib_usd is ${value}`);
  }

  /** Dollars that are the price of bytes. */
  usd(name: string, value: number, bytes: bigint, pricePerTibUsd: number): void {
    this.finite(name, value);
    const expected = priceOf(bytes, { pricePerTibUsd });
    if (Math.abs(value - expected) <= ROUNDING * Math.max(1, expected)) return;
    this.fail(`${name} is ${value}, the price of ${bytes} bytes ${expected}`);
  }

  /** Dollars that may be the price of bytes, at whatever price they were billed. */
  billedUsd(name: string, value: number, bytes: bigint): void {
    this.finite(name, value);
    const most = priceOf(bytes, { pricePerTibUsd: MAX_PRICE_PER_TIB_USD });
    if (value < 0 || value > most + ROUNDING) this.fail(`${name} is ${value} for ${bytes} bytes`);
  }

  text(name: string, value: string, most: number): void {
    if (value.length > most) this.fail(`${name} has ${value.length} characters, more than ${most}`);
  }

  list(name: string, value: readonly unknown[], most: number): void {
    if (value.length > most) this.fail(`${name} has ${value.length} entries, more than ${most}`);
  }

  /** A SHA-256 in hexadecimal digits. */
  hash(name: string, value: string): void {
    if (!/^[0-9a-f]{64}$/.test(value)) this.fail(`${name} is ${quoted(value)}, not a SHA-256`);
  }

  /** Empty or a SHA-256. */
  optionalHash(name: string, value: string): void {
    if (value !== '') this.hash(name, value);
  }

  equal(name: string, value: string, expected: string): void {
    if (value !== expected) this.fail(`${name} is ${quoted(value)}, not ${quoted(expected)}`);
  }
}

/** Enough of a text to recognise it by. */
function quoted(text: string): string {
  const most = 80;
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}...` : text);
}
