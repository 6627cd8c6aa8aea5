import { OnescanError } from '@onescan/contract/onescan-error.js';
import { BAR_FORMATS, type BarFormat, type BarFormatName, barFormat } from './bar-format.js';
import { chooseReader, type UnclearTime } from './time/choose-reader.js';
import { compileTimeFormat } from './time/time-format.js';
import type { TimeReader } from './time/time-reader.js';
import { type TimeZone, timeZone } from './time/time-zone.js';
import { MICROS_A_DAY } from './time/wall-time.js';

/** What a user says about how bar files are written. */
export interface BarReading {
  /** Whose export a CSV is. */
  readonly format?: BarFormatName;
  /** How times are written, for {@link compileTimeFormat}. */
  readonly timeFormat?: string;
  /** Whose clock the times are of, for {@link timeZone}, when they do not say it themselves. */
  readonly timeZone?: string;
}

/** A checked {@link BarReading}: everything that is needed to read a file, and what the manifest says of it. */
export interface BarReader {
  readonly named: Required<Pick<BarReading, 'format' | 'timeZone'>> & Pick<BarReading, 'timeFormat'>;
  readonly format: BarFormat;
  readonly zone: TimeZone;
  /** The last plausible time, in microseconds since 1970: a day after now. */
  readonly latest: number;
  /** The reader of a file's times, from the first of them and the format's own ways of writing times. */
  readonly timeReader: (first: string, formats: readonly string[]) => TimeReader | UnclearTime;
}

/**
 * Checks what was said about bar files, before any is opened.
 *
 * @param now milliseconds since 1970
 * @throws OnescanError INVALID_ARGUMENT on an unknown format or zone, and when a format needs a zone that is not given
 */
export function barReader(reading: BarReading = {}, now: number = Date.now()): BarReader {
  const name = reading.format ?? 'columns';
  if (!Object.hasOwn(BAR_FORMATS, name)) {
    throw new OnescanError('INVALID_ARGUMENT', `--bars-format: there is no format "${name}"`, {
      remedy: `It is one of ${Object.keys(BAR_FORMATS).join(', ')}`,
      details: { field: 'bars-format' },
    });
  }
  const format = barFormat(name);
  const zoneName = reading.timeZone ?? format.timeZone;
  if (zoneName === undefined) {
    throw new OnescanError('INVALID_ARGUMENT', `--bars-format ${name} needs --time-zone`, {
      remedy:
        "Its times are of the clock of the broker's server. Ask the broker which; many use --time-zone America/New_York+7 (UTC+2, in the summer of New York UTC+3)",
      details: { field: 'time-zone' },
    });
  }
  const latest = now * 1000 + MICROS_A_DAY;
  const { timeFormat } = reading;
  const given = timeFormat === undefined ? undefined : compileTimeFormat(timeFormat);
  return {
    named: { format: name, timeZone: zoneName, ...(timeFormat === undefined ? {} : { timeFormat }) },
    format,
    zone: timeZone(zoneName, now),
    latest,
    timeReader: (first, formats) => {
      if (given !== undefined) return given;
      return formats.length > 0 ? anyOf(formats) : chooseReader(first, latest);
    },
  };
}

/** Formats of one export differ in length only, so at most one of them fits a text. */
function anyOf(formats: readonly string[]): TimeReader {
  const readers = formats.map(compileTimeFormat);
  let last = readers[0]!;
  return (text) => {
    const time = last(text);
    if (time !== undefined) return time;
    for (const reader of readers) {
      const other = reader(text);
      if (other === undefined) continue;
      last = reader;
      return other;
    }
    return undefined;
  };
}
