import { shownText } from '@onescan/contract/format/shown-text.js';

/**
 * First characters by which a spreadsheet takes a text for a formula (their full-width forms too), and those that it
 * skips before one.
 */
const FORMULA = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * One CSV record (RFC 4180) with its line break; undefined becomes an empty field. A text that a spreadsheet would run
 * as a formula gets an apostrophe in front, by which it stays a text; characters that steer a terminal are written out.
 * Numbers stay as they are.
 *
 * @param exact every text as it is, for programs
 */
export function csvLine(fields: readonly (string | number | undefined)[], { exact = false } = {}): string {
  return `${fields.map((field) => quote(cellText(field, exact))).join(',')}\n`;
}

function cellText(field: string | number | undefined, exact: boolean): string {
  if (typeof field !== 'string') return field === undefined ? '' : String(field);
  if (exact) return field;
  return shownText(FORMULA.test(field) && !NUMBER.test(field) ? `'${field}` : field);
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
