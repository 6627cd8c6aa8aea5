import type { Calibrator } from '../calibration/calibrator.js';
import { fitCalibrator } from '../calibration/fit-calibrator.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { blockRows } from '../metrics/block-bootstrap.js';
import type { FoldPredictions } from '../training/out-of-fold.js';
import { fitStack, type Stack } from './stack-log-odds.js';

/** Stacked log-odds of some rows, not calibrated. */
export interface StackedRows {
  readonly rows: Uint32Array;
  readonly logOdds: Float64Array;
}

/** What was fitted on which rows in order to score which: the record that nothing was scored on what it was fitted on. */
export interface RecordedFit {
  readonly what: 'stack' | 'calibrator';
  readonly fitted: Uint32Array;
  /** Rows that the fit was applied to. */
  readonly scored: Uint32Array;
  /** Rows whose honest prediction rests on the fit: those scored, unless they serve to calibrate others. */
  readonly serves: Uint32Array;
  /** Folds whose models made the predictions that were fitted on; none of them saw a row of `serves`. */
  readonly folds: readonly number[];
}

/**
 * Fits stacks and calibrators on out-of-fold predictions. Labels of neighbouring rows overlap, so priors count blocks
 * of rows (as long as the bootstrap's), each of which says about as much as one independent row.
 */
export class StackFitting {
  /** @param data of the horizon */
  constructor(
    readonly data: HorizonData,
    readonly config: Pick<LearnConfig, 'stacking' | 'calibration'>,
  ) {}

  /** @param copies how often each row is among the predictions; that many count as one */
  fitStack({ rows, base, added }: FoldPredictions, copies = 1): Stack {
    const priorRows = this.#priorRows(this.config.stacking.priorBlocks, rows, copies);
    return fitStack({ base, added, label: this.#labels(rows), priorRows });
  }

  /** @returns undefined without a row */
  calibrate({ rows, logOdds }: StackedRows, copies = 1): Calibrator | undefined {
    if (rows.length === 0) return undefined;
    const { method, priorBlocks } = this.config.calibration;
    const priorRows = this.#priorRows(priorBlocks, rows, copies);
    return fitCalibrator({ method, priorRows, logOdds, label: this.#labels(rows) });
  }

  /** One calibrator for each direction model on its own. */
  calibrateModels({ rows, base, added }: FoldPredictions, copies = 1): Calibrator[] {
    return added.map((own) => {
      const logOdds = own.map((value, k) => value + base[k]!);
      return this.calibrate({ rows, logOdds }, copies)!;
    });
  }

  #labels(rows: Uint32Array): Float64Array {
    return Float64Array.from(rows, (row) => this.data.up[row]!);
  }

  #priorRows(blocks: number, rows: Uint32Array, copies: number): number {
    const distinct = copies === 1 ? rows : Uint32Array.from(new Set(rows)).sort();
    return copies * blocks * blockRows(distinct, this.data.bar, this.data.geometry);
  }
}

/** Some of the predictions' rows. */
export function restrictTo(fold: FoldPredictions, allowed: (row: number) => boolean): FoldPredictions {
  const keep = [...fold.rows.keys()].filter((k) => allowed(fold.rows[k]!));
  const pick = (values: Float64Array) => Float64Array.from(keep, (k) => values[k]!);
  return {
    rows: Uint32Array.from(keep, (k) => fold.rows[k]!),
    base: pick(fold.base),
    added: fold.added.map(pick),
    unknown: fold.unknown && { booster: pick(fold.unknown.booster), ridge: pick(fold.unknown.ridge) },
  };
}

/** Several sets of stacked rows as one. */
export function joinStacked(parts: readonly StackedRows[]): StackedRows {
  return {
    rows: Uint32Array.from(parts.flatMap(({ rows }) => [...rows])),
    logOdds: Float64Array.from(parts.flatMap(({ logOdds }) => [...logOdds])),
  };
}
