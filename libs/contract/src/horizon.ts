/** The horizons, in bars, that every pair is tested on unless the spec says otherwise. */
export const DEFAULT_HORIZONS: readonly number[] = [15, 30, 45, 60, 75, 90, 105];

/** The W of `target_bqx{W}_h{H}`, in bars. */
export const DEFAULT_TARGET_WINDOW = 45;

/** The windows, in bars, for which targets exist. */
export const TARGET_WINDOWS: readonly number[] = [45, 90, 180, 360, 720, 1440, 2880];

/** Name of the column with bqx_W[t + H]: the change over `window` bars that ends `horizon` bars ahead. */
export function targetColumn(window: number, horizon: number): string {
  return `target_bqx${window}_h${horizon}`;
}
