/**
 * The front door of the learning engine: all that the rest of Onescan may use of it. Specs find a made-up pair
 * behind the second one, `@onescan/learn/testing`.
 */

export type { BinnedMatrix } from './binning/binned-matrix.js';
export { BinnedMatrixBuilder } from './binning/binned-matrix-builder.js';
export type { Booster } from './boosting/booster.js';
export { type LightGbmModel, readLightGbmText } from './boosting/lightgbm-text.js';
export { predictValues } from './boosting/predict-values.js';
export { type LearnConfig, type PresetName, resolveLearnConfig } from './config/learn-config.js';
export { CONFIG_KEYS, type ConfigKey } from './config/learn-config-keys.js';
export type { PairInput } from './data/pair-input.js';
export type { PairTarget } from './data/pair-target.js';
export type { EstimateJson } from './document/estimate-json.js';
export type { FeatureFate, ProductFate } from './document/feature-fate.js';
export type { LearnedDocument, ResultDocument, TaskFacts } from './document/result-document.js';
export type { DependenceGroupJson, SampledFeatureJson } from './document/shap-json.js';
export { CancelledError } from './errors/cancelled-error.js';
export { LearnInputError } from './errors/learn-input-error.js';
export type { ExplainedRows } from './explain/explained-rows.js';
export { applyModels } from './export/apply-models.js';
export { type ExportedModels, modelText, textName } from './export/export-models.js';
export { MODELS_FORMAT_VERSION } from './export/model-description.js';
export type { HorizonInput } from './horizon/learn-horizon.js';
export { kernelVersion } from './kernels/load-kernel.js';
export type { HorizonOutcome, HorizonSummary } from './learner/horizon-outcome.js';
export { PairLearner } from './learner/pair-learner.js';
export { benjaminiYekutieli, holm, scoringCharge } from './multiplicity/adjusted-p-values.js';
export { type BlockedMean, type JointHypothesis, romanoWolf } from './multiplicity/romano-wolf.js';
export { sigmoid } from './numeric/sigmoid.js';
export type { LearnHooks, Stage } from './progress/learn-hooks.js';
export { CALENDAR_CELLS, MOST_CELLS } from './scoring/calendar-sums.js';
export {
  estimateFootprint,
  type Footprint,
  type FootprintInput,
  IDLE_BYTES,
  KEPT_SHARE,
} from './sizing/footprint.js';
export { requireColumns } from './sizing/require-learnable.js';
export {
  type HorizonObstacle,
  type KnownSample,
  knownOutlook,
  type LearnTask,
  type SampleOutlook,
  type SampleShape,
  sampleOutlook,
} from './sizing/sample-need.js';
export { developmentRows } from './splits/development-rows.js';
