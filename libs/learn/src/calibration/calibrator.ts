import { LearnInputError } from '../errors/learn-input-error.js';
import { fitIsotonic } from './isotonic.js';
import { fitPlatt } from './platt.js';
import { fitVennAbers } from './venn-abers.js';

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

export interface CalibrationInput {
  readonly method: Calibrator['method'];
  /** Log-odds and labels of the rows to fit on: never rows that are scored with the result. */
  readonly logOdds: Float64Array;
  readonly label: Float64Array;
  /** Platt only: strength, in rows, of the hold at the identity. */
  readonly priorRows: number;
}

/** @throws LearnInputError when there are no rows */
export function fitCalibrator({ method, logOdds, label, priorRows }: CalibrationInput): Calibrator {
  if (logOdds.length === 0) throw new LearnInputError('a calibrator needs rows');
  if (method === 'platt') return fitPlatt(logOdds, label, priorRows);
  if (method === 'isotonic') return fitIsotonic(logOdds, label);
  return fitVennAbers(logOdds, label);
}
