import type { TimeReader } from './time-reader.js';
import { fractionMicros, MICROS_A_DAY, MICROS_A_SECOND } from './wall-time.js';

/** Units of a time that is a number: seconds, milliseconds, microseconds or nanoseconds since 1970, UTC. */
export const EPOCH_UNITS = ['s', 'ms', 'us', 'ns'] as const;

export type EpochUnit = (typeof EPOCH_UNITS)[number];

/**
 * From here on a number has one plausible unit: the next unit up would have to be before 1971. Up to a factor of 1,000
 * (the year 2970) no number is in the range of two.
 */
const FIRST_PLAUSIBLE = 365 * MICROS_A_DAY;

const EPOCH = /^(\d{1,20})(?:\.(\d{1,9}))?$/;

/** Reads whole numbers of the unit; seconds may have a fraction. Digits beyond microseconds are dropped. */
export function epochReader(unit: EpochUnit): TimeReader {
  return (text) => {
    const match = EPOCH.exec(text);
    if (match === null) return undefined;
    const [, digits, fraction] = match;
    if (fraction !== undefined && unit !== 's' && Number(fraction) !== 0) return undefined;
    return {
      micros: epochMicros(digits!, unit) + fractionMicros(unit === 's' ? fraction : undefined),
      instant: true,
    };
  };
}

function epochMicros(digits: string, unit: EpochUnit): number {
  if (unit === 'ns') return Number(digits.slice(0, -3));
  return Number(digits) * { s: MICROS_A_SECOND, ms: 1000, us: 1 }[unit];
}

/** The units in which the number is a time from 1971 to `latest` (microseconds since 1970): one at most. */
export function plausibleUnit(text: string, latest: number): EpochUnit | undefined {
  return EPOCH_UNITS.find((unit) => {
    const time = epochReader(unit)(text);
    return time !== undefined && time.micros >= FIRST_PLAUSIBLE && time.micros <= latest;
  });
}
