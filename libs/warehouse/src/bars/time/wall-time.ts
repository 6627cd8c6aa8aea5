/** A time as a clock on a wall shows it. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  /** Digits after the decimal point of the second; those beyond microseconds are dropped. */
  readonly fraction?: string | undefined;
}

export const MICROS_A_SECOND = 1e6;
export const MICROS_A_MINUTE = 60 * MICROS_A_SECOND;
export const MICROS_A_DAY = 1440 * MICROS_A_MINUTE;

/** Microseconds from 1970-01-01 00:00 to the time, both in the same zone; undefined when there is no such time. */
export function wallMicros(wall: WallTime): number | undefined {
  const { year, month, day, hour = 0, minute = 0, second = 0 } = wall;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = hour * 3600 + minute * 60 + second;
  return (
    dayNumber(year, month, day) * MICROS_A_DAY + seconds * MICROS_A_SECOND + fractionMicros(wall.fraction)
  );
}

/** `.5` is half a million. */
export function fractionMicros(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.slice(0, 6).padEnd(6, '0'));
}

/** `2024-01-02 03:04:05`, with the fraction where there is one. */
export function wallText(micros: number): string {
  const date = new Date(Math.floor(micros / 1000));
  if (Number.isNaN(date.getTime())) return String(micros);
  const [day, rest] = date.toISOString().split('T');
  return `${day} ${rest!.slice(0, -1).replace(/\.000$/, '')}`;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March so that a leap day comes last. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
