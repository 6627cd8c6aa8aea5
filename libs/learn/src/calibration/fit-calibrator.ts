import { LearnInputError } from '../errors/learn-input-error.js';
import type { Calibrator } from './calibrator.js';
import { fitIsotonic } from './isotonic.js';
import { fitPlatt } from './platt.js';
import { fitVennAbers } from './venn-abers.js';

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
