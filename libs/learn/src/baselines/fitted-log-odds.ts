import type { BinnedMatrixHandle } from '../binning/matrix-storage.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import type { HorizonData } from '../data/horizon-data.js';
import { logit } from '../numeric/sigmoid.js';
import type { PieceKind } from '../threads/piece-kind.js';
import { sharedFloats } from '../threads/shared-floats.js';
import type { WorkPool } from '../threads/work-pool.js';
import { linearBqxLogOdds } from './linear-bqx.js';
import { overlapLogOdds } from './overlap-logistic.js';

/** A rule for log-odds of "up" that knows no feature, or only a pair's own bqx columns. */
export type LogOddsRule = 'base-rate' | 'overlap' | 'linear_bqx';

/** A rule and the rows it is to be fitted on. */
export interface LogOddsFit {
  readonly rule: LogOddsRule;
  readonly fitRows: Uint32Array;
}

/** What rules are fitted to; `bqx` are the matrix columns of the rule `linear_bqx`. */
export interface LogOddsInput {
  readonly data: HorizonData;
  readonly bqx?: { readonly matrix: BinnedMatrixHandle; readonly columns: readonly number[] };
}

/** Log-odds of every row by one rule. */
export const FITTED_LOG_ODDS: PieceKind<LogOddsInput, LogOddsFit, Float64Array> = {
  name: 'fitted-log-odds',
  compute: (input, fit) => sharedFloats(fitRule(input, fit)),
};

/**
 * Log-odds of "up" for every row by each rule, fitted on its rows only; NaN where an input is missing.
 *
 * @throws CancelledError
 */
export function fittedLogOdds(
  input: LogOddsInput,
  fits: readonly LogOddsFit[],
  { pool, isCancelled }: { pool: WorkPool; isCancelled(): boolean },
): Float64Array[] {
  return pool.compute(FITTED_LOG_ODDS, input, fits, { isCancelled });
}

/** Log-odds of the share of "up" among the rows, counting one more of each. */
export function baseRateLogOdds({ up }: Pick<HorizonData, 'up'>, fitRows: Uint32Array): number {
  const ups = fitRows.reduce((count, row) => count + up[row]!, 0);
  return logit((ups + 1) / (fitRows.length + 2));
}

function fitRule({ data, bqx }: LogOddsInput, { rule, fitRows }: LogOddsFit): Float64Array {
  if (rule === 'overlap') return overlapLogOdds(data, fitRows);
  if (rule === 'base-rate') return new Float64Array(data.up.length).fill(baseRateLogOdds(data, fitRows));
  if (!bqx) throw new Error('linear_bqx needs the bqx columns');
  return linearBqxLogOdds(openBinnedMatrix(bqx.matrix), bqx.columns, data, fitRows);
}
