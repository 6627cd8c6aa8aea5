import { UNKNOWN } from './unknown.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in binary units with three significant digits: 1536 → "1.50 KiB". */
export function formatBytes(bytes: number | bigint): string {
  let value = Number(bytes);
  if (!Number.isFinite(value)) return UNKNOWN;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return `${value} B`;
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

const BYTES_PATTERN = /^(\d+(?:\.\d+)?)\s*(?:([KMGTP])(i)?)?B?$/i;

/**
 * Reads "8GiB", "1.5 GiB" (powers of 1024), "8GB", "500 MB" (powers of 1000) or a plain number of bytes;
 * undefined when it is none of these.
 */
export function parseBytes(text: string): number | undefined {
  const match = BYTES_PATTERN.exec(text.trim());
  if (!match) return undefined;
  const [, value, prefix = '', binary] = match;
  const power = prefix === '' ? 0 : 'KMGTP'.indexOf(prefix.toUpperCase()) + 1;
  return Math.round(Number(value) * (binary ? 1024 : 1000) ** power);
}
