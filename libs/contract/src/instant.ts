/** A date, or a date and time of RFC 3339; the zone may be left out. */
const INSTANT =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<time>\d{2}:\d{2}(?::\d{2})?)(?:\.(?<fraction>\d{1,9}))?(?<zone>[Zz]|[+-]\d{2}:\d{2})?)?$/;

const MICROS_PER_MILLI = 1000;
const MICRO_DIGITS = 6;

/**
 * The instant of a date ("2024-01-31") or time (RFC 3339) in epoch microseconds; undefined when the text is neither,
 * or no such day exists. Without a zone it is in UTC, whatever the zone of the process: `Date.parse` takes a time
 * without one for local, and guesses what "01/02/2024" means.
 */
export function parseInstant(text: string): number | undefined {
  const { date, time = '00:00', fraction = '', zone = 'Z' } = INSTANT.exec(text)?.groups ?? {};
  if (date === undefined) return undefined;
  const midnight = new Date(`${date}T00:00:00Z`);
  // 30 February is taken for 1 March.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, date.length) !== date)
    return undefined;
  const millis = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(millis)) return undefined;
  return millis * MICROS_PER_MILLI + Number(fraction.padEnd(MICRO_DIGITS, '0').slice(0, MICRO_DIGITS));
}
