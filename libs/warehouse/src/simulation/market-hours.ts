/** Sunday 2024-01-07 22:00 UTC, when the first simulated week opens, in minutes since 1970. */
export const FIRST_MINUTE = Date.UTC(2024, 0, 7, 22) / 60_000;

/** The market is open from Sunday 22:00 to Friday 22:00 UTC. */
export const MINUTES_OPEN_A_WEEK = 5 * 24 * 60;
const MINUTES_A_WEEK = 7 * 24 * 60;

/** Open times of `count` consecutive one-minute bars, in minutes since 1970; weekends are jumped. */
export function barMinutes(count: number): Int32Array {
  const minutes = new Int32Array(count);
  for (let t = 0; t < count; t++) {
    const week = Math.floor(t / MINUTES_OPEN_A_WEEK);
    minutes[t] = FIRST_MINUTE + week * MINUTES_A_WEEK + (t % MINUTES_OPEN_A_WEEK);
  }
  return minutes;
}
