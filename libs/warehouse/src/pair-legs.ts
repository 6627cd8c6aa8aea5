import { PAIRS } from '@onescan/contract/pair.js';

/** The base currency: `eur` of `eurusd`. */
export const baseOf = (pair: string): string => pair.slice(0, 3);

/** The quote currency: `usd` of `eurusd`. */
export const quoteOf = (pair: string): string => pair.slice(3);

/** True when the two pairs have a currency in common. */
export function shareCurrency(a: string, b: string): boolean {
  return b.includes(baseOf(a)) || b.includes(quoteOf(a));
}

/** A pair and the sign with which its logarithm counts: +1 as named, -1 inverted. */
export interface Leg {
  readonly pair: string;
  readonly sign: 1 | -1;
}

/** The leg that exchanges `from` into `to`, or undefined when no pair of `available` does. */
export function legBetween(from: string, to: string, available: readonly string[] = PAIRS): Leg | undefined {
  if (available.includes(from + to)) return { pair: from + to, sign: 1 };
  if (available.includes(to + from)) return { pair: to + from, sign: -1 };
  return undefined;
}

/** The pairs of `available` that contain the currency, signed so that a rise means a stronger currency. */
export function legsOf(currency: string, available: readonly string[] = PAIRS): Leg[] {
  return available
    .filter((pair) => pair.includes(currency))
    .map((pair) => ({ pair, sign: baseOf(pair) === currency ? 1 : -1 }));
}
