import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { BoosterParts } from '../boosting/booster.js';
import type { Growth } from '../boosting/booster-params.js';
import type { HorizonData } from '../data/horizon-data.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import type { LinearFit } from '../regression/linear-fit.js';

/** Settings of one boosted model; the names are those of the booster's parameters. */
export interface GrowthSettings {
  readonly rounds: number;
  readonly learningRate: number;
  readonly maxLeaves: number;
  readonly maxDepth: number;
  readonly minRowsInLeaf: number;
  readonly l2: number;
  readonly rowFraction: number;
  readonly rowEvery: number;
  readonly treeColumnFraction: number;
}

/** Values of each setting in the presets quick, standard and mandated. */
export type GrowthPresets = {
  readonly [key in keyof GrowthSettings]: readonly [quick: number, standard: number, mandated: number];
};

/** What a model is trained from. */
export interface TrainContext {
  readonly matrix: BinnedMatrix;
  readonly data: HorizonData;
  readonly config: {
    readonly protocol: { readonly innerShare: number };
    readonly models: { readonly earlyStoppingRounds: number };
  };
  /** Of the horizon's models. */
  readonly seed: bigint;
}

export interface TrainTask {
  readonly rows: Uint32Array;
  /** Columns of the matrix that the models use, and those of them that linear ones do. */
  readonly columns: readonly number[];
  readonly linearColumns: readonly number[];
  /** Log-odds that direction models start from, indexed by row number. */
  readonly margin: Float64Array;
  /** Distinguishes the seeds of folds. */
  readonly part: number;
  /** Trees or penalty, where it is already decided; else the best on an inner purged validation. */
  readonly size?: number;
  /** Rows to predict. */
  readonly predict: Uint32Array;
}

/** A trained model as plain data. */
export interface TrainedModel {
  /** At the rows to predict: log-odds added to the margin, or the unknown part. */
  readonly prediction: Float64Array;
  /** Number of trees of a booster, penalty of a linear model. */
  readonly size: number;
  /** One of the two is there. */
  readonly booster: BoosterParts | null;
  readonly linear: LinearFit | null;
}

/** A booster: one entry of the registry in model-registry.ts. Its settings are `models.NAME.*`. */
export interface BoostedEntry {
  readonly kind: 'boosted';
  readonly growth: Growth;
  readonly presets: GrowthPresets;
  /** @throws CancelledError when asked to stop */
  train(context: TrainContext, settings: GrowthSettings, task: TrainTask, hooks: ProgressHooks): TrainedModel;
}

/** A linear model: one entry of the registry in model-registry.ts. */
export interface LinearEntry {
  readonly kind: 'linear';
  train(context: TrainContext, task: TrainTask): TrainedModel;
}
