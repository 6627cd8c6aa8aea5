import { quoted } from './format/sendable-text.js';
import { OnescanError } from './onescan-error.js';

/** The 28 currency pairs of the universe, lower case, in their customary order. */
export const PAIRS: readonly string[] = [
  'eurusd',
  'gbpusd',
  'usdjpy',
  'usdchf',
  'audusd',
  'usdcad',
  'nzdusd',
  'eurgbp',
  'eurjpy',
  'eurchf',
  'euraud',
  'eurcad',
  'eurnzd',
  'gbpjpy',
  'gbpchf',
  'gbpaud',
  'gbpcad',
  'gbpnzd',
  'audjpy',
  'audchf',
  'audcad',
  'audnzd',
  'nzdjpy',
  'nzdchf',
  'nzdcad',
  'cadjpy',
  'cadchf',
  'chfjpy',
];

/** The eight currencies of the pairs. */
export const CURRENCIES: readonly string[] = ['eur', 'gbp', 'aud', 'nzd', 'usd', 'cad', 'chf', 'jpy'];

const KNOWN = new Set(PAIRS);

/** True for one of the 28 lower-case pair names. */
export function isPair(name: string): boolean {
  return KNOWN.has(name);
}

/**
 * Reads "all" or a comma-separated list of pairs, in the order given, doubles dropped.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the unknown pair
 */
export function parsePairs(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.length === 1 && names[0] === 'all') return [...PAIRS];
  if (names.length === 0) {
    throw new OnescanError('INVALID_ARGUMENT', 'no pair was named', {
      remedy: 'Name pairs such as eurusd,usdjpy, or all',
    });
  }
  for (const name of names) requirePair(name);
  return [...new Set(names)];
}

/** @throws OnescanError INVALID_ARGUMENT when `name` is not one of the 28 pairs */
export function requirePair(name: string): void {
  if (isPair(name)) return;
  throw new OnescanError('INVALID_ARGUMENT', `pairs: ${quoted(name)} is not a known pair`, {
    remedy: `Known pairs: ${PAIRS.join(' ')}`,
    details: { field: 'pairs', value: name },
  });
}
