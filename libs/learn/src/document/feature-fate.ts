import type { LeakReason, Suspicious } from '../leaks/leak-reasons.js';
import type { Stage } from '../progress/learn-hooks.js';
import type { PruneReason } from '../pruning/prune.js';
import type { RetainReason, SelectReason } from '../selection/selection-result.js';

/** What became of one feature for one horizon; optional figures are absent where it did not get that far. */
export interface FeatureFate {
  readonly status: 'RETAINED' | 'PRUNED';
  /** Where its fate was decided: `model` for retained features. */
  readonly stage: Stage;
  readonly why: PruneReason | LeakReason | SelectReason | RetainReason;
  /** What makes a retained feature suspicious. */
  readonly remark?: Suspicious;
  /** Share of selection fits that chose it. */
  readonly selectionFrequency?: number;
  /** Share of the boosters' gain. */
  readonly importance?: number;
  /** Mean |SHAP| over the explained rows, in log-odds. */
  readonly shapMeanAbs?: number;
  /** 1 for the largest mean |SHAP|. */
  readonly rank?: number;
}

/** What became of a retained product of two features. */
export interface ProductFate extends FeatureFate {
  /** `a * b`, with bars around what enters by its size. */
  readonly name: string;
}
