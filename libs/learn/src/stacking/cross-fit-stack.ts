import { type Calibrator, fitCalibrator } from '../calibration/calibrator.js';
import type { HorizonData } from '../horizon-data.js';
import type { LearnConfig } from '../learn-config.js';
import { blockRows } from '../metrics/block-bootstrap.js';
import { sigmoid } from '../metrics/sigmoid.js';
import { type FoldPredictions, joinFolds } from '../models/out-of-fold.js';
import { spanEnd, spanStart } from '../splits/label-span.js';
import { fitStack, type Stack, stackLogOdds } from './stack-log-odds.js';

/** The stack for rows after all folds, and its honest predictions on the folds themselves. */
export interface CrossFitStack {
  /** Fitted on all out-of-fold rows. */
  readonly stack: Stack;
  /** Fitted on cross-fitted stack outputs, i.e. on rows no stack it saw was fitted on. */
  readonly calibrator: Calibrator;
  /** One calibrator a direction model on its own, fitted on all out-of-fold rows. */
  readonly modelCalibrators: readonly Calibrator[];
  /** Out-of-fold rows with a prediction by stack and calibrator of earlier rows only (second fold on). */
  readonly scored: { readonly rows: Uint32Array; readonly probability: Float64Array };
}

/**
 * Fits stacking weights and calibrator so that nothing is fitted on rows it is scored on: fold k is
 * predicted by a stack of the out-of-fold rows before it (purged by label end) and calibrated by what the
 * folds before it showed of such predictions; the second fold has none and stays as stacked.
 *
 * Labels of neighbouring rows overlap, so priors count blocks of rows (as long as the bootstrap's), each of
 * which says about as much as one independent row.
 */
export function crossFitStack(
  folds: readonly FoldPredictions[],
  data: HorizonData,
  config: Pick<LearnConfig, 'stacking' | 'calibration'>,
): CrossFitStack {
  const scored: { rows: Uint32Array; logOdds: Float64Array; probability: Float64Array }[] = [];
  const labels = (rows: Uint32Array) => Float64Array.from(rows, (row) => data.up[row]!);
  for (let k = 1; k < folds.length; k++) {
    const fold = folds[k]!;
    const earlier = restrictTo(joinFolds(folds.slice(0, k)), before(fold, data));
    const stack = fitOn(earlier);
    const logOdds = stackLogOdds(stack, fold.base, fold.added);
    const calibrator = calibrateOn(scored, before(fold, data));
    scored.push({
      rows: fold.rows,
      logOdds,
      probability: calibrator ? calibrator.calibrate(logOdds) : logOdds.map(sigmoid),
    });
  }
  const all = joinFolds(folds);
  return {
    stack: fitOn(all),
    calibrator: calibrateOn(scored, () => true)!,
    modelCalibrators: all.added.map((added) =>
      fitCalibrator({
        method: config.calibration.method,
        priorRows: config.calibration.priorBlocks * rowsOfBlock(all.rows),
        logOdds: added.map((value, k) => value + all.base[k]!),
        label: labels(all.rows),
      }),
    ),
    scored: {
      rows: Uint32Array.from(scored.flatMap(({ rows }) => [...rows])),
      probability: Float64Array.from(scored.flatMap(({ probability }) => [...probability])),
    },
  };

  function rowsOfBlock(rows: Uint32Array): number {
    return blockRows(rows, data.bar, data.geometry);
  }

  function fitOn({ rows, base, added }: FoldPredictions): Stack {
    const priorRows = config.stacking.priorBlocks * rowsOfBlock(rows);
    return fitStack({ base, added, label: labels(rows), priorRows });
  }

  function calibrateOn(
    parts: readonly { rows: Uint32Array; logOdds: Float64Array }[],
    allowed: (row: number) => boolean,
  ): Calibrator | undefined {
    const pairs = parts.flatMap(({ rows, logOdds }) =>
      Array.from(rows, (row, k) => ({ row, logOdds: logOdds[k]! })).filter(({ row }) => allowed(row)),
    );
    if (pairs.length === 0) return undefined;
    return fitCalibrator({
      method: config.calibration.method,
      priorRows: config.calibration.priorBlocks * rowsOfBlock(Uint32Array.from(pairs, (pair) => pair.row)),
      logOdds: Float64Array.from(pairs, (pair) => pair.logOdds),
      label: Float64Array.from(pairs, (pair) => data.up[pair.row]!),
    });
  }
}

/** Rows whose labels end before the fold's first label starts. */
function before(fold: FoldPredictions, { bar, geometry }: HorizonData): (row: number) => boolean {
  const limit = spanStart(bar[fold.rows[0]!]!, geometry);
  return (row) => spanEnd(bar[row]!, geometry) < limit;
}

function restrictTo(fold: FoldPredictions, allowed: (row: number) => boolean): FoldPredictions {
  const keep = [...fold.rows.keys()].filter((k) => allowed(fold.rows[k]!));
  const pick = (values: Float64Array) => Float64Array.from(keep, (k) => values[k]!);
  return {
    rows: Uint32Array.from(keep, (k) => fold.rows[k]!),
    base: pick(fold.base),
    added: fold.added.map(pick),
    unknown: fold.unknown && { booster: pick(fold.unknown.booster), ridge: pick(fold.unknown.ridge) },
  };
}
