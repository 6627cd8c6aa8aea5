import { UNKNOWN } from './unknown.js';

/** US dollars: two decimals from one dollar on, else enough to show the first two digits; "$0.00" for none. */
export function formatUsd(usd: number): string {
  if (!Number.isFinite(usd)) return UNKNOWN;
  if (usd === 0) return '$0.00';
  const digits = usd >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(Math.abs(usd))) - 1);
  return `$${usd.toFixed(Math.max(2, digits))}`;
}
