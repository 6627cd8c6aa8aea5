import { LearnInputError } from '../errors/learn-input-error.js';
import type { Booster } from './booster.js';
import { createBooster } from './create-booster.js';
import type { Objective } from './objective.js';
import type { Tree } from './tree.js';

/** `decision_type` of a numerical split: bit 1 missing values go left, bits 2-3 what counts as missing (2: NaN). */
const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const MISSING_SHIFT = 2;
const MISSING_NONE = 0;
const MISSING_NAN = 2;

/** Bounds of what is read; LightGBM's own leaves end at 131,072. */
const MOST_COLUMNS = 1_000_000;
const MOST_LEAVES = 131_072;

/** Names of losses in LightGBM's `objective` line; where only the raw score counts, `regression` says it all. */
const OBJECTIVE_LINES: Record<Objective, string> = {
  squared: 'regression',
  logistic: 'binary sigmoid:1',
  huber: 'regression',
  quantile: 'regression',
};

/**
 * Writes a model in LightGBM's text format (version v4), to be loaded with `lightgbm.Booster(model_str=...)`.
 * The base score goes into the first tree, as LightGBM does itself. Huber and quantile models are written
 * as `regression`: their raw scores are their predictions.
 *
 * @param featureNames by column, without white space
 * @throws LearnInputError for names that do not fit
 */
export function writeLightGbmText(booster: Booster, featureNames: readonly string[]): string {
  if (featureNames.length !== booster.columns) {
    throw new LearnInputError(
      `${featureNames.length} feature names, the model has ${booster.columns} columns`,
    );
  }
  const bad = featureNames.find((name) => name === '' || /\s/.test(name));
  if (bad !== undefined)
    throw new LearnInputError(`feature name ${JSON.stringify(bad)} is empty or has white space`);
  const trees = booster.trees.length > 0 ? booster.trees : [constantTree(0)];
  const blocks = trees.map((tree, i) => treeBlock(tree, i, i === 0 ? booster.baseScore : 0));
  const size = (block: string) => new TextEncoder().encode(block).length;
  const header = [
    'tree',
    'version=v4',
    'num_class=1',
    'num_tree_per_iteration=1',
    'label_index=0',
    `max_feature_idx=${booster.columns - 1}`,
    `objective=${OBJECTIVE_LINES[booster.objective]}`,
    `feature_names=${featureNames.join(' ')}`,
    `feature_infos=${featureInfos(booster).join(' ')}`,
    `tree_sizes=${blocks.map(size).join(' ')}`,
    '',
    '',
  ];
  return `${header.join('\n')}${blocks.join('')}end of trees\n\nparameters:\nend of parameters\n\npandas_categorical:null\n`;
}

function constantTree(value: number): Tree {
  const none = new Float64Array(0);
  return {
    column: new Int32Array(0),
    bin: null,
    threshold: none,
    missingLeft: new Uint8Array(0),
    left: new Int32Array(0),
    right: new Int32Array(0),
    gain: none,
    nodeRows: none,
    leafRows: Float64Array.of(0),
    leafValue: Float64Array.of(value),
  };
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

function treeBlock(tree: Tree, index: number, bias: number): string {
  const line = (key: string, values: ArrayLike<number>) => `${key}=${Array.from(values, number).join(' ')}`;
  const decisions = Array.from(
    tree.missingLeft,
    (left) => (left ? DEFAULT_LEFT : 0) | (MISSING_NAN << MISSING_SHIFT),
  );
  const lines = [
    `Tree=${index}`,
    `num_leaves=${tree.leafValue.length}`,
    'num_cat=0',
    line('split_feature', tree.column),
    line('split_gain', tree.gain),
    line('threshold', tree.threshold),
    line('decision_type', decisions),
    line('left_child', tree.left),
    line('right_child', tree.right),
    line(
      'leaf_value',
      tree.leafValue.map((value) => value + bias),
    ),
    line('leaf_weight', tree.leafRows),
    line('leaf_count', tree.leafRows),
    line(
      'internal_value',
      nodeValues(tree).map((value) => value + bias),
    ),
    line('internal_weight', tree.nodeRows),
    line('internal_count', tree.nodeRows),
    'is_linear=0',
    'shrinkage=1',
  ];
  return `${lines.join('\n')}\n\n\n`;
}

/** Mean leaf value below each node, weighted by training rows. */
function nodeValues(tree: Tree): Float64Array {
  const values = new Float64Array(tree.column.length);
  // Children are made after their parents, so going backwards they are ready.
  for (let node = values.length - 1; node >= 0; node--) {
    let sum = 0;
    for (const child of [tree.left[node]!, tree.right[node]!]) {
      sum +=
        child >= 0
          ? tree.nodeRows[child]! * values[child]!
          : tree.leafRows[~child]! * tree.leafValue[~child]!;
    }
    values[node] = tree.nodeRows[node]! > 0 ? sum / tree.nodeRows[node]! : 0;
  }
  return values;
}

/** Range of finite thresholds by column, `none` for columns without any. */
function featureInfos(booster: Booster): string[] {
  const lowest = new Float64Array(booster.columns).fill(Number.POSITIVE_INFINITY);
  const highest = new Float64Array(booster.columns).fill(Number.NEGATIVE_INFINITY);
  for (const tree of booster.trees) {
    tree.column.forEach((column, node) => {
      const threshold = tree.threshold[node]!;
      if (!Number.isFinite(threshold)) return;
      lowest[column] = Math.min(lowest[column]!, threshold);
      highest[column] = Math.max(highest[column]!, threshold);
    });
  }
  return Array.from(lowest, (low, column) =>
    low <= highest[column]! ? `[${number(low)}:${number(highest[column]!)}]` : 'none',
  );
}

/** A model read from text, and the names of its columns. */
export interface LightGbmModel {
  readonly booster: Booster;
  readonly featureNames: readonly string[];
}

/**
 * Reads a model written by LightGBM (v3, v4) or by `writeLightGbmText`. Its trees know thresholds, not
 * bins: predict with `predictValues`, explain with `treeShapOfValues`.
 *
 * @throws LearnInputError naming what is not supported (categorical splits, zero as missing, linear trees,
 *   several classes, averaged output, other losses) or malformed
 */
export function readLightGbmText(text: string): LightGbmModel {
  const end = text.indexOf('\nend of trees');
  if (!text.startsWith('tree') || end < 0) throw new LearnInputError('this is not a LightGBM text model');
  const [head, ...blocks] = text.slice(0, end).split(/^Tree=/m);
  const header = fields(head!);
  if (/^average_output$/m.test(head!))
    throw new LearnInputError('models with averaged output are not supported');
  const perRound = header.get('num_tree_per_iteration');
  if (perRound !== '1') throw new LearnInputError(`models with ${perRound} trees a round are not supported`);
  const classes = header.get('num_class') ?? '1';
  if (classes !== '1') throw new LearnInputError(`models of ${classes} classes are not supported`);
  const columns = whole('max_feature_idx', header.get('max_feature_idx') ?? '', [0, MOST_COLUMNS - 1]) + 1;
  const featureNames = (header.get('feature_names') ?? '').split(' ');
  if (featureNames.length !== columns) {
    throw new LearnInputError(`${featureNames.length} feature names for ${columns} columns`);
  }
  const twice = featureNames.find((name, column) => featureNames.indexOf(name) !== column);
  if (twice !== undefined) throw new LearnInputError(`two features are named ${JSON.stringify(twice)}`);
  const sizes = header.get('tree_sizes')?.split(' ').length;
  if (sizes !== undefined && sizes !== blocks.length) {
    throw new LearnInputError(`${blocks.length} of ${sizes} trees are there`);
  }
  const booster = createBooster({
    trees: blocks.map((block, i) => readTree(fields(block), i, columns)),
    baseScore: 0,
    objective: readObjective(header.get('objective')),
    columns,
    fingerprint: undefined,
    validationLoss: [],
  });
  return { booster, featureNames };
}

function fields(block: string): Map<string, string> {
  const entries = block
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line): [string, string] => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1).trim(),
    ]);
  return new Map(entries);
}

function readObjective(line: string | undefined): Objective {
  const [name, ...settings] = (line ?? '').split(' ');
  if (name === 'regression' && !settings.includes('sqrt')) return 'squared';
  if (name === 'binary' && settings.includes('sigmoid:1')) return 'logistic';
  if (name === 'huber' || name === 'quantile') return name;
  throw new LearnInputError(`objective ${JSON.stringify(line ?? '')} is not supported`);
}

/** Number('inf') is NaN, so C++'s spellings need their own reading. */
function parseNumber(text: string): number {
  const lower = text.toLowerCase();
  if (/^[+]?inf(inity)?$/.test(lower)) return Number.POSITIVE_INFINITY;
  if (/^-inf(inity)?$/.test(lower)) return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  if (text === '' || Number.isNaN(value))
    throw new LearnInputError(`${JSON.stringify(text)} is not a number`);
  return value;
}

/** @throws LearnInputError naming what is no whole number within bounds */
function whole(what: string, text: string, [least, most]: readonly [number, number]): number {
  const value = parseNumber(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new LearnInputError(`${what} is ${text}, not a whole number from ${least} to ${most}`);
}

function readTree(lines: Map<string, string>, index: number, columns: number): Tree {
  const leaves = whole(`num_leaves of tree ${index}`, lines.get('num_leaves') ?? '', [1, MOST_LEAVES]);
  if (lines.get('num_cat') !== '0')
    throw new LearnInputError(`tree ${index} has categorical splits: not supported`);
  if ((lines.get('is_linear') ?? '0') !== '0')
    throw new LearnInputError(`tree ${index} is linear: not supported`);
  const numbers = (key: string, count: number) => {
    const values = (lines.get(key) ?? '').split(' ').filter((part) => part !== '');
    if (values.length !== count)
      throw new LearnInputError(`tree ${index} has ${values.length} of ${count} ${key}`);
    return Float64Array.from(values, parseNumber);
  };
  if (leaves === 1) return constantTree(numbers('leaf_value', 1)[0]!);
  const threshold = numbers('threshold', leaves - 1);
  const missingLeft = numbers('decision_type', leaves - 1).map((type, node) =>
    sendsMissingLeft(type, threshold[node]!, index) ? 1 : 0,
  );
  const column = Int32Array.from(numbers('split_feature', leaves - 1));
  const stray = column.find((each) => !(each >= 0 && each < columns));
  if (stray !== undefined)
    throw new LearnInputError(`tree ${index} splits by feature ${stray} of ${columns}`);
  const [left, right] = [numbers('left_child', leaves - 1), numbers('right_child', leaves - 1)];
  requireTree(left, right, index);
  return {
    column,
    bin: null,
    threshold,
    missingLeft: Uint8Array.from(missingLeft),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    gain: numbers('split_gain', leaves - 1),
    nodeRows: numbers('internal_count', leaves - 1),
    leafRows: numbers('leaf_count', leaves),
    leafValue: numbers('leaf_value', leaves),
  };
}

/** Every node but the root, and every leaf, hangs below one node, which was made before it: no way leads round. */
function requireTree(left: Float64Array, right: Float64Array, index: number): void {
  const nodes = left.length;
  const seen = new Set<number>();
  for (let node = 0; node < nodes; node++) {
    for (const child of [left[node]!, right[node]!]) {
      const fits =
        Number.isInteger(child) && child < nodes && child >= -nodes - 1 && (child < 0 || child > node);
      if (!fits || seen.has(child))
        throw new LearnInputError(`tree ${index} has a child ${child} that does not fit`);
      seen.add(child);
    }
  }
}

function sendsMissingLeft(decisionType: number, threshold: number, tree: number): boolean {
  if (decisionType & CATEGORICAL)
    throw new LearnInputError(`tree ${tree} has categorical splits: not supported`);
  const missing = (decisionType >> MISSING_SHIFT) & 3;
  // Without missing values in training LightGBM reads NaN as 0 when it predicts.
  if (missing === MISSING_NONE) return threshold >= 0;
  if (missing === MISSING_NAN) return (decisionType & DEFAULT_LEFT) !== 0;
  throw new LearnInputError(`tree ${tree} takes zero for missing: not supported`);
}
