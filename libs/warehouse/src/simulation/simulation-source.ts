/** A seeded simulation of the 28 pairs instead of a folder of bars. */
export interface SimulationSource {
  readonly kind: 'simulation';
  readonly seed: bigint;
  /** Bars of the market, one a minute while it is open. */
  readonly bars: number;
  /** Multiple of the documented strength of the planted effect; 0 plants nothing. Default 1. */
  readonly effect?: number;
}

/** Bars of the demonstration: four weeks of minutes and a little. */
export const DEMO_BARS = 30_000;

/** Fewest bars for which every window and horizon yields rows. */
export const FEWEST_BARS = 3_200;
