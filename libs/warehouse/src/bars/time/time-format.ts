import { OnescanError } from '@onescan/contract/onescan-error.js';
import { EPOCH_UNITS, epochReader } from './epoch.js';
import type { TimeReader } from './time-reader.js';
import { MICROS_A_MINUTE, wallMicros } from './wall-time.js';

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);

/** Directives of strptime that are understood, each with the text it stands for. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  Y: '(\\d{4})',
  y: '(\\d{2})',
  m: '(\\d{1,2})',
  d: '(\\d{1,2})',
  H: '(\\d{1,2})',
  I: '(\\d{1,2})',
  M: '(\\d{1,2})',
  S: '(\\d{1,2})',
  f: '(\\d{1,9})',
  p: '([ap]m)',
  b: `(${MONTHS.map((name) => name.slice(0, 3)).join('|')})`,
  B: `(${MONTHS.join('|')})`,
  z: '(z|[+-]\\d{2}(?::?\\d{2})?)',
};

const SHORTHANDS: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', R: '%H:%M' };

const LONGEST_FORMAT = 100;
const NUMERIC = /^[YymdHIMSf]$/;

/**
 * A reader of times written in a format of strptime (POSIX), such as `%d.%m.%Y %H:%M:%S`, or in one of the names
 * `epoch-s`, `epoch-ms`, `epoch-us`, `epoch-ns`. Numbers may lack a leading zero unless another number follows at once.
 * `%y` is 1969 to 2068, `%f` a fraction of a second of up to nine digits, `%z` an offset such as +02:00, +0200 or Z.
 *
 * @throws OnescanError INVALID_ARGUMENT when the format does not say year, month and day, or says one twice
 */
export function compileTimeFormat(format: string): TimeReader {
  const unit = EPOCH_UNITS.find((name) => format === `epoch-${name}`);
  if (unit !== undefined) return epochReader(unit);
  const { pattern, fields } = translate(format);
  checkFields(format, fields);
  return (text) => {
    const match = pattern.exec(text);
    return match === null ? undefined : readFields(fields, match);
  };
}

function translate(format: string): { pattern: RegExp; fields: readonly string[] } {
  if (format.length > LONGEST_FORMAT) throw badFormat(format.slice(0, LONGEST_FORMAT), 'is too long');
  const expanded = format.replace(/%([FTR])/g, (_, name: string) => SHORTHANDS[name]!);
  const parts = expanded.match(/%[\s\S]?|[^%]+/g) ?? [];
  const fields: string[] = [];
  const isNumber = (part: string | undefined): boolean => part?.[0] === '%' && NUMERIC.test(part.slice(1));
  const pattern = parts.map((part, i) => {
    if (part === '%%' || part[0] !== '%') return escapePattern(part === '%%' ? '%' : part);
    const name = part.slice(1);
    const text = DIRECTIVES[name];
    if (text === undefined) throw badFormat(format, `has "${part}", which is not understood`);
    fields.push(name);
    const adjoins = isNumber(parts[i - 1]) || isNumber(parts[i + 1]);
    return adjoins ? text.replace('{1,2}', '{2}') : text;
  });
  return { pattern: new RegExp(`^${pattern.join('')}$`, 'i'), fields };
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function checkFields(format: string, fields: readonly string[]): void {
  const count = (...names: readonly string[]): number => fields.filter((name) => names.includes(name)).length;
  const once: readonly [string, number][] = [
    ['a year (%Y)', count('Y', 'y')],
    ['a month (%m)', count('m', 'b', 'B')],
    ['a day (%d)', count('d')],
  ];
  for (const [what, times] of once) {
    if (times !== 1) throw badFormat(format, times === 0 ? `has no ${what.slice(2)}` : `has ${what} twice`);
  }
  for (const names of [['H', 'I'], ['M'], ['S'], ['f'], ['p'], ['z']]) {
    if (count(...names) > 1) throw badFormat(format, `has %${names[0]} twice`);
  }
  if (count('I') !== count('p')) throw badFormat(format, 'has %I without %p, or %p without %I');
}

function badFormat(format: string, problem: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `--time-format "${format}" ${problem}`, {
    remedy:
      'Write it as for strptime, e.g. "%d.%m.%Y %H:%M:%S" (also %y %b %B %I %p %f %z), or epoch-s, epoch-ms, epoch-us, epoch-ns',
    details: { field: 'time-format' },
  });
}

function readFields(fields: readonly string[], match: RegExpExecArray): ReturnType<TimeReader> {
  const wall = {
    year: 0,
    month: 0,
    day: 0,
    hour: 0,
    minute: 0,
    second: 0,
    fraction: undefined as string | undefined,
  };
  let afternoon: boolean | undefined;
  let offset: number | undefined;
  for (const [i, field] of fields.entries()) {
    const text = match[i + 1]!;
    if (field === 'Y') wall.year = Number(text);
    else if (field === 'y') wall.year = Number(text) + (Number(text) < 69 ? 2000 : 1900);
    else if (field === 'm') wall.month = Number(text);
    else if (field === 'b' || field === 'B') wall.month = monthOf(text);
    else if (field === 'd') wall.day = Number(text);
    else if (field === 'H' || field === 'I') wall.hour = Number(text);
    else if (field === 'M') wall.minute = Number(text);
    else if (field === 'S') wall.second = Number(text);
    else if (field === 'f') wall.fraction = text;
    else if (field === 'p') afternoon = text.toLowerCase() === 'pm';
    else offset = offsetMicros(text);
  }
  if (afternoon !== undefined) {
    if (wall.hour < 1 || wall.hour > 12) return undefined;
    wall.hour = (wall.hour % 12) + (afternoon ? 12 : 0);
  }
  const micros = wallMicros(wall);
  if (micros === undefined || Number.isNaN(offset)) return undefined;
  return { micros: micros - (offset ?? 0), instant: offset !== undefined };
}

const monthOf = (name: string): number =>
  MONTHS.findIndex((month) => month.startsWith(name.toLowerCase())) + 1;

/** `+02:00`, `+0200`, `+02` and `Z`, UTC or GMT in microseconds; NaN when there is no such offset. */
export function offsetMicros(text: string): number {
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  if (minutes > 18 * 60 || Number(match[3] ?? 0) > 59) return Number.NaN;
  return (match[1] === '-' ? -minutes : minutes) * MICROS_A_MINUTE;
}
