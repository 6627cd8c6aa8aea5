import type { Calibrator } from '../calibration/calibrator.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { spanEnd, spanStart } from '../splits/label-span.js';
import { type FoldPredictions, joinFolds } from '../training/out-of-fold.js';
import {
  joinStacked,
  type RecordedFit,
  restrictTo,
  type StackedRows,
  StackFitting,
} from './stack-fitting.js';
import { type Stack, stackLogOdds } from './stack-log-odds.js';

/** Rows with a prediction by models, stack and calibrator that were fitted on others. */
export interface ScoredRows {
  readonly rows: Uint32Array;
  readonly probability: Float64Array;
}

/** The stack for rows after all folds, and its honest predictions on the folds themselves. */
export interface CrossFitStack {
  /** Fitted on all out-of-fold rows. */
  readonly stack: Stack;
  /** Fitted on cross-fitted stack outputs, i.e. on rows no stack it saw was fitted on. */
  readonly calibrator: Calibrator;
  /** One calibrator a direction model on its own, fitted on all out-of-fold rows. */
  readonly modelCalibrators: readonly Calibrator[];
  /** All honest predictions: those of all paths. */
  readonly scored: ScoredRows;
  /** Complete passes over the scored rows, each row once: one for walk-forward folds. */
  readonly paths: readonly ScoredRows[];
  /** All stacks and calibrators behind the honest predictions. */
  readonly fits: readonly RecordedFit[];
}

/**
 * Fits stacking weights and calibrator so that nothing is fitted on rows it is scored on: fold k is
 * predicted by a stack of the out-of-fold rows before it (purged by label end) and calibrated by what the
 * folds before it showed of such predictions; the second fold has none and stays as stacked.
 */
export function crossFitStack(
  folds: readonly FoldPredictions[],
  data: HorizonData,
  config: Pick<LearnConfig, 'stacking' | 'calibration'>,
): CrossFitStack {
  const fitting = new StackFitting(data, config);
  const stacked: StackedRows[] = [];
  const probability: Float64Array[] = [];
  const fits: RecordedFit[] = [];
  for (let k = 1; k < folds.length; k++) {
    const fold = folds[k]!;
    const scored = fold.rows;
    const allowed = before(fold, data);
    const earlier = restrictTo(joinFolds(folds.slice(0, k)), allowed);
    const record = { scored, serves: scored, folds: [...folds.keys()].slice(0, k) };
    fits.push({ what: 'stack', fitted: earlier.rows, ...record });
    const logOdds = stackLogOdds(fitting.fitStack(earlier), fold.base, fold.added);
    const shown = restrictStacked(joinStacked(stacked), allowed);
    const calibrator = fitting.calibrate(shown);
    if (calibrator) fits.push({ what: 'calibrator', fitted: shown.rows, ...record });
    stacked.push({ rows: scored, logOdds });
    probability.push(calibrator ? calibrator.calibrate(logOdds) : logOdds.map(sigmoid));
  }
  const all = joinFolds(folds);
  const scored = {
    rows: Uint32Array.from(stacked.flatMap(({ rows }) => [...rows])),
    probability: Float64Array.from(probability.flatMap((values) => [...values])),
  };
  return {
    stack: fitting.fitStack(all),
    calibrator: fitting.calibrate(joinStacked(stacked))!,
    modelCalibrators: fitting.calibrateModels(all),
    scored,
    paths: [scored],
    fits,
  };
}

/** Rows whose labels end before the fold's first label starts. */
function before(fold: FoldPredictions, { bar, geometry }: HorizonData): (row: number) => boolean {
  const limit = spanStart(bar[fold.rows[0]!]!, geometry);
  return (row) => spanEnd(bar[row]!, geometry) < limit;
}

function restrictStacked({ rows, logOdds }: StackedRows, allowed: (row: number) => boolean): StackedRows {
  const keep = [...rows.keys()].filter((k) => allowed(rows[k]!));
  return {
    rows: Uint32Array.from(keep, (k) => rows[k]!),
    logOdds: Float64Array.from(keep, (k) => logOdds[k]!),
  };
}
