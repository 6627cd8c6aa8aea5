import type { GrowthSettings } from '../models/model-entry.js';
import { BOOSTED_ENTRIES, BOOSTED_NAMES } from '../models/model-registry.js';
import {
  DEFAULT_STABILITY_METHODS,
  STABILITY_METHOD_NAMES,
  STABILITY_METHODS,
} from '../stability/stability-methods.js';
import { type ConfigKey, choice, real, type Three, whole } from './config-key.js';

export type { ConfigKey, PresetName } from './config-key.js';

const DEFAULT_METHODS = DEFAULT_STABILITY_METHODS.join(',');
const METHOD_DOCS = Object.entries(STABILITY_METHODS)
  .map(([name, { doc }]) => `${name}: ${doc}`)
  .join('; ');

const GROWTH_KEYS: Readonly<Record<keyof GrowthSettings, (values: Three<number>) => ConfigKey>> = {
  rounds: (values: Three<number>) => whole('Largest number of trees.', [1, 5000], values),
  learningRate: (values: Three<number>) => real('Shrinkage of each tree.', [0.001, 1], values),
  maxLeaves: (values: Three<number>) => whole('Leaves of a tree at most.', [2, 256], values),
  maxDepth: (values: Three<number>) =>
    whole('Depth of a tree at most; beyond 8, SHAP takes several times longer.', [1, 32], values),
  minRowsInLeaf: (values: Three<number>) => whole('Rows in a leaf at least.', [1, 100_000], values),
  l2: (values: Three<number>) => real('Ridge penalty on leaf values.', [0, 1e6], values),
  rowFraction: (values: Three<number>) => real('Share of the rows a tree is grown on.', [0.05, 1], values),
  rowEvery: (values: Three<number>) => whole('Draw the rows again every so many trees.', [1, 1000], values),
  treeColumnFraction: (values: Three<number>) =>
    real('Share of the columns a tree may use.', [0.01, 1], values),
};

/** The settings of every booster, `models.NAME.*`. */
function boosterSettings(): Record<string, ConfigKey> {
  const keys = Object.keys(GROWTH_KEYS) as (keyof GrowthSettings)[];
  const entries = BOOSTED_NAMES.flatMap((name) =>
    keys.map(
      (key) => [`models.${name}.${key}`, GROWTH_KEYS[key](BOOSTED_ENTRIES[name].presets[key])] as const,
    ),
  );
  return Object.fromEntries(entries);
}

/**
 * Every setting of the learning engine, by dotted key: the one place for defaults and bounds.
 *
 * `mandated` is the original project's procedure where it names a value (boosted selection in 15 fits,
 * 63 leaves at rate 0.03 over 300 rounds, depth-5 level-wise and symmetric trees, 5 expanding folds);
 * purging, the untouched final segment and calibration on earlier rows stay as in `standard`.
 */
export const CONFIG_KEYS: Readonly<Record<string, ConfigKey>> = {
  'binning.bins': whole('Bins of a feature, the one for missing values included.', [8, 256], [64, 64, 64]),

  'protocol.finalShare': real(
    'Last share of the rows, untouched by selection and fitting until the end.',
    [0.05, 0.5],
    [0.25, 0.2, 0.2],
  ),
  'protocol.lockedShare': real(
    'Last share of the rows that nothing is fitted or scored on: a second final segment, for when the first is used up.',
    [0, 0.4],
    [0, 0, 0],
  ),
  'protocol.score': choice(
    'locked: the same models are scored on the locked rows instead of the final segment, once a dataset.',
    ['final', 'locked'],
    ['final', 'final', 'final'],
  ),
  'protocol.selectionShare': real(
    'First share of the development rows, before all folds; without select.nested features are selected on it.',
    [0.1, 0.8],
    [0.5, 0.4, 0.4],
  ),
  'protocol.folds': whole('Folds that the rows after the selection rows are cut into.', [2, 50], [3, 5, 5]),
  'protocol.scheme': choice(
    'expanding: train on all earlier rows; rolling: on the last rows, as many as the selection part has; combinatorial: on all but two of the folds, later ones too, for every choice of two.',
    ['expanding', 'rolling', 'combinatorial'],
    ['expanding', 'expanding', 'expanding'],
  ),
  'protocol.innerShare': real(
    'Last share of the training rows that decides early stopping and penalties.',
    [0.05, 0.5],
    [0.2, 0.15, 0.15],
  ),
  'protocol.purgeBars': whole(
    'Bars before the final segment that bin bounds and pruning do not see; at least the longest horizon.',
    [0, 1_000_000],
    [105, 105, 105],
  ),
  'protocol.embargoBars': whole(
    'Bars kept free between fitted and scored rows besides the purge by label end.',
    [0, 1_000_000],
    [0, 0, 0],
  ),

  'prune.missingShare': real(
    'Features with a larger share of missing development rows are pruned.',
    [0.01, 1],
    [0.9, 0.9, 0.99],
  ),
  'prune.oneValueShare': real(
    'Features of which a larger share of the values is one and the same are pruned.',
    [0.5, 1],
    [0.99, 0.99, 1],
  ),
  'prune.correlation': real(
    'Of features whose absolute correlation on the development rows is larger only one stays.',
    [0.5, 1],
    [0.95, 0.95, 1],
  ),

  'leaks.honestShare': real(
    'Largest share of the unknown part of a target that honest features explain, one by one and together: what exceeds it, and what chance reaches, is suspicious.',
    [0.001, 1],
    [0.01, 0.01, 0.01],
  ),
  'leaks.suspicious': choice(
    'keep: suspicious features may be retained, and a verdict that rests on one is suspect; refuse: they are refused for all horizons, as leaks are.',
    ['keep', 'refuse'],
    ['keep', 'keep', 'keep'],
  ),

  'select.method': choice(
    'stability: complementary-pairs stability selection with error bounds; boosted: gain > 0 in half of 15 boosted fits.',
    ['stability', 'boosted'],
    ['stability', 'stability', 'boosted'],
  ),
  'select.methods': {
    ...choice(
      `What stability selection selects by, separated by commas; a feature is retained when one of them retains it, and each gets an equal part of select.maxFalse. ${METHOD_DOCS}.`,
      STABILITY_METHOD_NAMES,
      [DEFAULT_METHODS, DEFAULT_METHODS, DEFAULT_METHODS],
    ),
    several: true,
  },
  'select.target': choice(
    'unknown: what is not yet known of the target at t (target minus known part); value: the whole target.',
    ['unknown', 'value'],
    ['unknown', 'unknown', 'value'],
  ),
  'select.nested': choice(
    'yes: features of the final models are selected on all development rows, those of each fold on the rows before it. no: all of them once, on the first part of the development rows.',
    ['no', 'yes'],
    ['yes', 'yes', 'no'],
  ),
  'select.bound': choice(
    'Which bound on false selections decides how many a subsample may select: unimodal, or the sharper r-concave one (Shah & Samworth 2013).',
    ['unimodal', 'r-concave'],
    ['r-concave', 'r-concave', 'unimodal'],
  ),
  'select.pairs': whole(
    'Complementary pairs of subsamples; at least 1 / (select.threshold - 0.5), and no more than the blocks allow.',
    [5, 200],
    [25, 50, 50],
  ),
  'select.blocks': whole(
    'Time blocks that subsamples are made of; fewer where they would be too short for the purge.',
    [4, 64],
    [16, 16, 16],
  ),
  'select.threshold': real(
    'Selection frequency that makes a feature stable; raised where too few candidates are left to keep select.maxFalse.',
    [0.5, 1],
    [0.6, 0.6, 0.5],
  ),
  'select.maxFalse': real('Expected number of false selections at most.', [0.01, 1000], [1, 1, 1]),
  'select.maxFeatures': whole('Most features a horizon may retain.', [1, 20_000], [60, 200, 20_000]),

  'interactions.features': whole(
    'Features whose pairs are all tested for interactions, the most promising first where there are more; 0 tests none.',
    [0, 8000],
    [0, 1000, 0],
  ),
  'interactions.sizes': whole(
    'Of these features so many, the most promising, enter products by their size as well: how far a value is from the median.',
    [0, 8000],
    [0, 250, 0],
  ),
  'interactions.maxFalse': real(
    'Expected number of false interactions at most.',
    [0.01, 1000],
    [0.5, 0.5, 0.5],
  ),

  'models.start': choice(
    'What boosters start from: the overlap baseline (they learn only what lies beyond), or the base rate.',
    ['overlap', 'base-rate'],
    ['overlap', 'overlap', 'base-rate'],
  ),
  'models.linearFeatures': whole(
    'Most features in the logistic and the ridge regression: the most often selected ones.',
    [1, 2000],
    [60, 200, 200],
  ),
  'models.earlyStoppingRounds': whole(
    'Stop when the inner validation has not improved for so many trees; 0 never stops.',
    [0, 5000],
    [10, 30, 0],
  ),
  'models.export': choice(
    'yes: the final models are kept in a file, for other data and other programs (onescan model).',
    ['no', 'yes'],
    ['no', 'no', 'no'],
  ),
  ...boosterSettings(),

  'stacking.priorBlocks': real(
    'Strength, in blocks of rows, with which stacking weights are held at "the overlap baseline alone".',
    [0, 1e6],
    [10, 10, 0],
  ),
  'calibration.method': choice(
    'Calibrator of the stacked probability.',
    ['platt', 'isotonic', 'venn-abers'],
    ['platt', 'platt', 'platt'],
  ),
  'calibration.priorBlocks': real(
    'Strength, in blocks of rows, with which Platt scaling is held at the identity.',
    [0, 1e6],
    [10, 10, 0],
  ),
  'gating.minCoverage': real(
    'The gate is the most accurate threshold on out-of-fold rows that still calls this share of the rows.',
    [0.001, 1],
    [0.2, 0.2, 0.2],
  ),
  'verdict.level': real(
    'One-sided error level of a SKILL verdict by itself, and of every interval; runs adjust for all their tests besides.',
    [1e-5, 0.2],
    [0.01, 0.01, 0.01],
  ),
  'verdict.replicates': whole('Block-bootstrap replicates.', [50, 10_000], [200, 500, 500]),
  'verdict.minRows': whole(
    'Fewer scored rows than this make the verdict INCONCLUSIVE.',
    [10, 1e9],
    [300, 1000, 1000],
  ),
  'verdict.minBlocks': whole(
    'Fewer bootstrap blocks than this on the scored rows make the verdict INCONCLUSIVE.',
    [3, 1e6],
    [10, 50, 50],
  ),
  'explain.rows': whole(
    'Rows explained by SHAP, evenly spread over time; 0 explains all.',
    [0, 1e9],
    [0, 0, 0],
  ),
  'explain.minRows': whole(
    'Number of explained rows that is asked for; the result says whether it was met.',
    [0, 1e9],
    [0, 0, 100_000],
  ),
  'explain.topFeatures': whole('Features whose SHAP dependence is summarised.', [0, 1000], [10, 20, 20]),
  'explain.interactionRows': whole(
    'Explained rows on which SHAP interaction values of pairs of the ten best features are measured; 0: none.',
    [0, 10_000],
    [100, 100, 100],
  ),
  'explain.method': choice(
    'path-dependent: a feature left out takes the way of the training rows; interventional: the value of each background row.',
    ['path-dependent', 'interventional'],
    ['path-dependent', 'path-dependent', 'path-dependent'],
  ),
  'explain.background': whole(
    'Development rows, evenly spread over time, that interventional SHAP compares with.',
    [1, 10_000],
    [100, 100, 100],
  ),
  'explain.value': choice('yes: the value models are explained too.', ['no', 'yes'], ['no', 'no', 'no']),
  'explain.export': choice(
    'yes: the SHAP values of every explained row are kept in a file (onescan explain).',
    ['no', 'yes'],
    ['no', 'no', 'no'],
  ),
};
