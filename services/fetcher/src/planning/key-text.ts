const MICROS_PER_MILLI = 1000;

/** A key in epoch microseconds as RFC 3339, "nothing" when there is none. */
export function keyText(micros: number | undefined): string {
  return micros === undefined ? 'nothing' : new Date(micros / MICROS_PER_MILLI).toISOString();
}
