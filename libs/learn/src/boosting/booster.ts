import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { Objective } from './objective.js';
import type { Tree } from './tree.js';

/** A sum of trees: raw score = base score + one leaf value a tree. */
export interface Booster {
  readonly trees: readonly Tree[];
  readonly baseScore: number;
  readonly objective: Objective;
  /** Columns of the matrix it was trained on. */
  readonly columns: number;
  /** Fingerprint of that matrix's bins; undefined for a model read from elsewhere. */
  readonly fingerprint: number | undefined;
  /** Mean validation loss after each round, early-stopped rounds included; empty without validation rows. */
  readonly validationLoss: readonly number[];
  /** Raw scores (log-odds for logistic), in the order of `rows`. @throws Error when the bins differ */
  predictRaw(matrix: BinnedMatrix, rows: Uint32Array): Float64Array;
  /** Sum of split gains by column. */
  gain(): Float64Array;
  /** Number of splits by column. */
  splitCount(): Float64Array;
}

/** What a booster consists of. */
export type BoosterParts = Omit<Booster, 'predictRaw' | 'gain' | 'splitCount'>;
