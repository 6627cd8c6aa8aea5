import type { OverlapModel } from '../baselines/overlap-logistic.js';
import type { Calibrator } from '../calibration/calibrator.js';
import type { ModelName } from '../models/model-registry.js';

/** Version of {@link ModelDescription} and of the file that holds it; docs/models.md describes both. */
export const MODELS_FORMAT_VERSION = 2;

/** What direction models start from. */
export type BaseModel =
  | { readonly name: 'base_rate'; readonly logOdds: number }
  | ({ readonly name: 'overlap_logistic' } & OverlapModel);

/** Calibrated probability of log-odds: a sigmoid of a line, or steps (`probability[i]` from `from[i]` on, the first below). */
export type Calibration =
  | { readonly method: 'platt'; readonly slope: number; readonly intercept: number }
  | {
      readonly method: Exclude<Calibrator['method'], 'platt'>;
      readonly from: readonly number[];
      readonly probability: readonly number[];
    };

/** How the predictions of a horizon come of its models' raw scores. */
export interface ModelDescription {
  /** Log-odds = intercept + baseWeight * base + sum of weights * models; probability = their calibration. */
  readonly direction: {
    readonly models: readonly ModelName[];
    readonly intercept: number;
    readonly baseWeight: number;
    readonly weights: readonly number[];
    readonly calibration: Calibration;
  };
  readonly base: BaseModel;
  /** Value in percent = sum of weights * models, plus the known part of the target where it has one. */
  readonly value: {
    readonly models: readonly ModelName[];
    readonly weights: readonly number[];
    readonly addsKnownPart: boolean;
  };
}
