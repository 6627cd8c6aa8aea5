/** Turns a model's log-odds into a calibrated probability; increasing in the log-odds. */
export interface Calibrator {
  readonly method: 'platt' | 'isotonic' | 'venn-abers';
  /** Probability of "up" for each log-odds. */
  calibrate(logOdds: Float64Array): Float64Array;
  /** The step function that the others are: `probability[i]` from `from[i]` on, and the first one below. */
  readonly steps?: { readonly from: Float64Array; readonly probability: Float64Array };
  /** Slope and intercept in log-odds where the calibrator is linear there (Platt). */
  readonly linear?: { readonly slope: number; readonly intercept: number };
}
