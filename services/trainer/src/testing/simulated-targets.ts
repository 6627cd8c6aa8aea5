/** Bars that a target looks back. */
export const TARGET_WINDOW = 45;
const LONGEST_HORIZON = 105;
const BAR_VOLATILITY = 0.0002;

/** A random walk of closes, sampled every `stride` bars, with what the formulas of the domain make of it. */
export interface SimulatedTargets {
  /** Rows' values by the bar that they stand at. */
  ofRows(value: (bar: number) => number): Float64Array;
  /** Percent from one bar's close to another's. */
  change(from: number, to: number): number;
  persistence: Float64Array;
  targets: Map<number, Float64Array>;
  /** Of the horizons below the window. */
  knownParts: Map<number, Float64Array>;
}

/** Closes are one draw of `normal` a bar, all drawn before this returns. */
export function simulateTargets(
  { rows, stride, horizons }: { rows: number; stride: number; horizons: readonly number[] },
  normal: () => number,
): SimulatedTargets {
  const bars = stride * rows + TARGET_WINDOW + LONGEST_HORIZON;
  const close = new Float64Array(bars).fill(1);
  for (let bar = 1; bar < bars; bar++) close[bar] = close[bar - 1]! * (1 + BAR_VOLATILITY * normal());
  const change = (from: number, to: number): number => (100 * (close[to]! - close[from]!)) / close[from]!;
  const ofRows = (value: (bar: number) => number): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => value(stride * row + TARGET_WINDOW));
  const target = (h: number) => ofRows((bar) => change(bar + h - TARGET_WINDOW, bar + h));
  const knownPart = (h: number) => ofRows((bar) => change(bar - (TARGET_WINDOW - h), bar));
  return {
    ofRows,
    change,
    persistence: ofRows((bar) => change(bar - TARGET_WINDOW, bar)),
    targets: new Map(horizons.map((h) => [h, target(h)])),
    knownParts: new Map(horizons.filter((h) => h < TARGET_WINDOW).map((h) => [h, knownPart(h)])),
  };
}
