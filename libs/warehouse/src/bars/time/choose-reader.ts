import { epochReader, plausibleUnit } from './epoch.js';
import { compileTimeFormat, offsetMicros } from './time-format.js';
import type { TimeReader } from './time-reader.js';
import { wallMicros, wallText } from './wall-time.js';

/** ISO 8601 and its common relatives: the year first and in four digits, so that it reads one way only. */
const YEAR_FIRST =
  /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:(?:T| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: *(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?$/i;

/** ISO 8601 without separators; the T is what tells it from a number. */
const BASIC =
  /^(\d{4})()(\d{2})(\d{2})T(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** Reads ISO 8601. A day alone is its midnight. */
export const readIso: TimeReader = (text) => {
  const match = YEAR_FIRST.exec(text) ?? BASIC.exec(text);
  if (match === null) return undefined;
  const offset = match[9] === undefined ? 0 : offsetMicros(match[9]);
  const micros = wallMicros({
    year: Number(match[1]),
    month: Number(match[3]),
    day: Number(match[4]),
    hour: Number(match[5] ?? 0),
    minute: Number(match[6] ?? 0),
    second: Number(match[7] ?? 0),
    fraction: match[8],
  });
  if (micros === undefined || Number.isNaN(offset)) return undefined;
  return { micros: micros - offset, instant: match[9] !== undefined };
};

/** What is wrong with a time that is not read without a format, and what to do. */
export interface UnclearTime {
  readonly problem: string;
  readonly remedy: string;
}

/**
 * How the times of a file are written, decided by its first one, when no format was given: ISO 8601 or an epoch. What
 * can be read in two ways is never guessed, and what later lines might tell (13/02/2024) is not asked, because a file
 * that ends sooner would then be read otherwise.
 *
 * @param latest the last plausible time, microseconds since 1970
 */
export function chooseReader(text: string, latest: number): TimeReader | UnclearTime {
  if (readIso(text) !== undefined) return readIso;
  const unit = plausibleUnit(text, latest);
  const readings = readingsOf(text, latest);
  if (unit !== undefined && readings.length === 0) return epochReader(unit);
  if (unit !== undefined) {
    const micros = epochReader(unit)(text)!.micros;
    readings.push({ format: `epoch-${unit}`, meaning: `${wallText(micros)}` });
  }
  return unclear(text, readings);
}

interface Reading {
  readonly format: string;
  readonly meaning: string;
}

function unclear(text: string, readings: readonly Reading[]): UnclearTime {
  const [first, ...others] = readings;
  if (first === undefined) {
    return {
      problem: `time is not one that can be read: "${text.slice(0, 60)}"`,
      remedy: 'Write times as 2020-01-31 23:55:00 (UTC), or say how they are written with --time-format',
    };
  }
  const told = readings.map(({ format, meaning }) => `${meaning} (${format})`).join(' or ');
  return {
    problem: `time "${text}" ${others.length > 0 ? 'can be read as' : 'is not in an order that reads one way in every line; here it would be'} ${told}`,
    remedy: `Say which is right, e.g. --time-format '${first.format}', or write times as 2020-01-31 23:55:00`,
  };
}

const DATES = [
  '%d-%m-%Y',
  '%m-%d-%Y',
  '%d-%m-%y',
  '%m-%d-%y',
  '%y-%m-%d',
  '%d-%b-%Y',
  '%d-%b-%y',
  '%b-%d-%Y',
].flatMap((date) => ['-', '/', '.', ' '].map((separator) => date.replaceAll('-', separator)));
const COMPACT_DATES = ['%Y%m%d', '%d%m%Y', '%m%d%Y'];
const CLOCKS = [
  '',
  ' %H:%M',
  ' %H:%M:%S',
  ' %H:%M:%S.%f',
  ' %I:%M %p',
  ' %I:%M:%S %p',
  'T%H:%M:%S',
  ' %H%M%S',
  ' %H%M',
];
const ZONES = ['', '%z', ' %z', ' GMT%z'];
const COMPACT_CLOCKS = [...CLOCKS, '%H%M', '%H%M%S'];

/** Every common format in which the text is a time from 1970 to `latest`, two-digit years last. */
function readingsOf(text: string, latest: number): Reading[] {
  const formats = [
    ...DATES.flatMap((date) => CLOCKS.map((clock) => date + clock)),
    ...COMPACT_DATES.flatMap((date) => COMPACT_CLOCKS.map((clock) => date + clock)),
  ].flatMap((format) => ZONES.map((zone) => format + zone));
  const readings: Reading[] = [];
  for (const format of formats) {
    const micros = compileTimeFormat(format)(text)?.micros;
    if (micros === undefined || micros < 0 || micros > latest) continue;
    readings.push({ format, meaning: wallText(micros) });
  }
  return readings;
}
