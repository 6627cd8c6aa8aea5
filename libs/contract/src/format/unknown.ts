/** What stands for a number that there is not. */
export const UNKNOWN = '-';

/** A number as `format` writes it, "-" for one that is not finite. */
export function formatKnown(value: number, format: (value: number) => string): string {
  return Number.isFinite(value) ? format(value) : UNKNOWN;
}
