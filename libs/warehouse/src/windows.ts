/** The seven windows, in bars (rows, not minutes). */
export const WINDOWS: readonly number[] = [45, 90, 180, 360, 720, 1440, 2880];

/** The window of the bqx series that the `_bqx` variants are computed on. */
export const BQX_WINDOW = 45;

/** Momentum columns exist up to this window, volatility columns up to {@link LONGEST_VOLATILITY}. */
export const LONGEST_MOMENTUM = 1440;
export const LONGEST_VOLATILITY = 720;

/** The windows of `windows` that are no longer than `longest` bars. */
export function windowsUpTo(windows: readonly number[], longest: number): number[] {
  return windows.filter((window) => window <= longest);
}
