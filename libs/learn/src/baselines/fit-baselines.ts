import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { HorizonData } from '../horizon-data.js';
import { logit, sigmoid } from '../metrics/sigmoid.js';
import { bqxColumns, linearBqxLogOdds } from './linear-bqx.js';
import { overlapLogOdds } from './overlap-logistic.js';

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

/**
 * All baselines of a horizon, fitted on `fitRows` where they have parameters, evaluated on `scoredRows`.
 * `overlap` exists only where something overlaps and the known part is available; `linear_bqx` only where
 * the universe has bqx columns.
 */
export function fitBaselines({ matrix, featureIds, data, fitRows, scoredRows }: BaselinesInput): Baseline[] {
  const gather = (source: Float64Array) => Float64Array.from(scoredRows, (row) => source[row]!);
  const ups = fitRows.reduce((count, row) => count + data.up[row]!, 0);
  const baseRate = logit((ups + 1) / (fitRows.length + 2));
  const baselines: Baseline[] = [
    probabilistic('majority', new Float64Array(scoredRows.length).fill(baseRate)),
    { name: 'persistence', score: gather(data.persistence), probability: null },
  ];
  if (data.geometry.horizon < data.geometry.targetWindow && data.knownAvailable) {
    baselines.push({ name: 'overlap', score: gather(data.known), probability: null });
  }
  const bqx = bqxColumns(featureIds);
  if (bqx.length > 0) {
    baselines.push(probabilistic('linear_bqx', gather(linearBqxLogOdds(matrix, bqx, data, fitRows))));
  }
  baselines.push(probabilistic('overlap_logistic', gather(overlapLogOdds(data, fitRows))));
  return baselines;
}

function probabilistic(name: BaselineName, logOdds: Float64Array): Baseline {
  return { name, score: logOdds, probability: logOdds.map(sigmoid) };
}
