import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { HorizonData } from '../data/horizon-data.js';
import { sigmoid } from '../numeric/sigmoid.js';
import type { WorkPool } from '../threads/work-pool.js';
import { baseRateLogOdds, fittedLogOdds, type LogOddsRule } from './fitted-log-odds.js';
import { bqxColumns } from './linear-bqx.js';

export type BaselineName = 'majority' | 'persistence' | 'overlap' | 'linear_bqx' | 'overlap_logistic';

/** A rule to be beaten, evaluated on the scored rows. */
export interface Baseline {
  readonly name: BaselineName;
  /** Sign is the call, magnitude the confidence; one value a scored row. */
  readonly score: Float64Array;
  /** Probability of "up" a scored row, for rules that give one. */
  readonly probability: Float64Array | null;
}

export interface BaselinesInput {
  readonly matrix: BinnedMatrix;
  readonly featureIds: readonly string[];
  readonly data: HorizonData;
  readonly fitRows: Uint32Array;
  readonly scoredRows: Uint32Array;
}

/** The baselines, and the log-odds of `overlap_logistic` for every row. */
export interface FittedBaselines {
  readonly baselines: readonly Baseline[];
  readonly overlapLogOdds: Float64Array;
}

/**
 * All baselines of a horizon, fitted on `fitRows` where they have parameters, evaluated on `scoredRows`.
 * `overlap` exists only where something overlaps and the known part is available; `linear_bqx` only where
 * the universe has bqx columns.
 *
 * @throws CancelledError
 */
export function fitBaselines(
  { matrix, featureIds, data, fitRows, scoredRows }: BaselinesInput,
  threads: { pool: WorkPool; isCancelled(): boolean },
): FittedBaselines {
  const gather = (source: Float64Array) => Float64Array.from(scoredRows, (row) => source[row]!);
  const columns = bqxColumns(featureIds);
  const rules: LogOddsRule[] = columns.length > 0 ? ['overlap', 'linear_bqx'] : ['overlap'];
  const [overlap, linearBqx] = fittedLogOdds(
    { data, bqx: { matrix: matrix.handle, columns } },
    rules.map((rule) => ({ rule, fitRows })),
    threads,
  );
  const baseRate = baseRateLogOdds(data, fitRows);
  const baselines: Baseline[] = [
    probabilistic('majority', new Float64Array(scoredRows.length).fill(baseRate)),
    { name: 'persistence', score: gather(data.persistence), probability: null },
  ];
  if (data.geometry.horizon < data.geometry.targetWindow && data.knownAvailable) {
    baselines.push({ name: 'overlap', score: gather(data.known), probability: null });
  }
  if (linearBqx) baselines.push(probabilistic('linear_bqx', gather(linearBqx)));
  baselines.push(probabilistic('overlap_logistic', gather(overlap!)));
  return { baselines, overlapLogOdds: overlap! };
}

function probabilistic(name: BaselineName, logOdds: Float64Array): Baseline {
  return { name, score: logOdds, probability: logOdds.map(sigmoid) };
}
