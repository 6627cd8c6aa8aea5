import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { type SeededRandom, seededRandom } from '../numeric/seeded-random.js';
import type { Booster } from './booster.js';
import { type BoosterParams, resolveBoosterParams } from './booster-params.js';
import { sampleTreeColumns } from './column-sampler.js';
import { checkRows, createBooster } from './create-booster.js';
import { drawAscending } from './draw-order.js';
import { growBestFirst } from './grow-best-first.js';
import { growSymmetric } from './grow-symmetric.js';
import { softThreshold } from './leaf-scoring.js';
import { type LabelledRows, type ObjectiveFunction, objectiveFunction } from './objective.js';
import type { OpenLeaf } from './open-leaf.js';
import { quantiseGradients } from './quantise-gradients.js';
import { RowScores } from './row-scores.js';
import type { Tree } from './tree.js';
import { TreeGrower } from './tree-grower.js';

export interface BoosterTask {
  matrix: BinnedMatrix;
  /** Training rows, each once. */
  rows: Uint32Array;
  /** By matrix row; only those of training and validation rows are read, and must be finite. */
  label: Float64Array;
  /** By matrix row, above 0. */
  weight?: Float64Array;
  /** Rows for early stopping. */
  validationRows?: Uint32Array;
  /**
   * By matrix row: raw score that is already there before the first tree. The trees learn what to add to it;
   * the base score is then 0, and `predictRaw` and SHAP values are of the trees alone.
   */
  margin?: Float64Array;
  /** Columns that trees may use; all by default. */
  columns?: readonly number[];
}

export interface BoosterHooks {
  onRound?(round: number): void;
  /** Asked before every round. */
  isCancelled?(): boolean;
}

/**
 * Trains gradient boosted trees on histograms of binned columns (Friedman 2001; Ke et al. 2017). The same
 * task, parameters and seed give the same model on every machine and beside any other threads.
 *
 * @throws LearnInputError for parameters, rows, labels or weights out of range; ArenaFullError when scratch
 *   does not fit the matrix's memory; CancelledError when `isCancelled` says so
 */
export function trainBooster(
  task: BoosterTask,
  params: Partial<BoosterParams>,
  hooks: BoosterHooks = {},
): Booster {
  const resolved = resolveBoosterParams(params);
  checkTask(task, resolved);
  const training = new Training(task, resolved);
  try {
    return training.run(hooks);
  } finally {
    training.release();
  }
}

class Training {
  readonly #objective: ObjectiveFunction;
  readonly #data: LabelledRows;
  readonly #validation: LabelledRows | undefined;
  readonly #random: SeededRandom;
  readonly #grower: TreeGrower;
  readonly #scores: RowScores;
  readonly #validationScores: RowScores | undefined;
  readonly #gradient: Float64Array;
  readonly #hessian: Float64Array;
  readonly #baseScore: number;
  #taking: Uint32Array;

  constructor(
    readonly task: BoosterTask,
    readonly params: BoosterParams,
  ) {
    const { matrix, rows, label, weight, validationRows } = task;
    this.#objective = objectiveFunction(params);
    this.#data = { rows, label, weight };
    this.#validation = validationRows && { rows: validationRows, label, weight };
    this.#random = seededRandom(params.seed);
    this.#gradient = new Float64Array(rows.length);
    this.#hessian = new Float64Array(rows.length);
    this.#taking = Uint32Array.from(rows, (_, i) => i);
    this.#baseScore = task.margin ? 0 : this.#objective.baseScore(this.#data);
    const held: { release(): void }[] = [];
    const hold = <T extends { release(): void }>(area: T): T => {
      held.push(area);
      return area;
    };
    try {
      const inBag = bagSize(rows.length, params);
      this.#grower = hold(new TreeGrower(matrix, inBag, task.columns, params, this.#random));
      this.#scores = hold(new RowScores(matrix, rows, params.maxLeaves, this.#baseScore));
      this.#validationScores =
        validationRows && hold(new RowScores(matrix, validationRows, params.maxLeaves, this.#baseScore));
      addMargin(this.#scores.scores, rows, task.margin);
      if (validationRows) addMargin(this.#validationScores!.scores, validationRows, task.margin);
    } catch (error) {
      for (const area of held) area.release();
      throw error;
    }
  }

  run(hooks: BoosterHooks): Booster {
    const { rounds, earlyStoppingRounds, rowEvery } = this.params;
    const trees: Tree[] = [];
    const losses: number[] = [];
    let best = 0;
    for (let round = 0; round < rounds; round++) {
      if (hooks.isCancelled?.()) throw new CancelledError(`boosting, round ${round}`);
      if (round % rowEvery === 0) this.#drawRows();
      const tree = this.#grow(round);
      const isSampled = this.params.rowFraction < 1 || this.params.treeColumnFraction < 1;
      if (tree.column.length === 0 && !isSampled && this.params.nodeColumnFraction === 1) break;
      trees.push(tree);
      hooks.onRound?.(round);
      if (!this.#validation) continue;
      this.#validationScores!.add(tree);
      losses.push(this.#objective.loss(this.#validation, this.#validationScores!.scores));
      if (losses[round]! < losses[best]!) best = round;
      if (earlyStoppingRounds > 0 && round - best >= earlyStoppingRounds) break;
    }
    const stops = this.#validation && earlyStoppingRounds > 0;
    return createBooster({
      trees: stops ? trees.slice(0, best + 1) : trees,
      baseScore: this.#baseScore,
      objective: this.params.objective,
      columns: this.task.matrix.columns,
      fingerprint: this.task.matrix.fingerprint,
      validationLoss: losses,
    });
  }

  release(): void {
    this.#grower.release();
    this.#scores.release();
    this.#validationScores?.release();
  }

  #drawRows(): void {
    const count = bagSize(this.task.rows.length, this.params);
    if (count === this.task.rows.length) return;
    this.#taking = drawAscending(this.task.rows.length, count, this.#random);
  }

  #grow(round: number): Tree {
    const grower = this.#grower;
    const { scores } = this.#scores;
    this.#objective.derivatives(this.#data, scores, this.#gradient, this.#hessian);
    const equalHessian = this.#objective.constantHessian && !this.task.weight;
    const taking = this.#taking;
    const units = quantiseGradients(
      {
        gradient: this.#gradient,
        hessian: this.#hessian,
        positions: taking,
        equalHessian,
        salt: Number(BigInt.asIntN(32, this.params.seed)) ^ Math.imul(round + 1, 0x85ebca6b),
      },
      grower.packed(taking.length),
    );
    const sample = sampleTreeColumns(grower.block.slots, this.params.treeColumnFraction, this.#random);
    const root = grower.plant({ matrixRows: this.task.rows, taking, units, equalHessian }, sample);
    const leaves =
      this.params.growth === 'symmetric' ? growSymmetric(grower, root) : growBestFirst(grower, root);
    const rows = grower.rows(taking.length);
    const members = leaves.map((leaf) => rows.subarray(leaf.start, leaf.start + leaf.count));
    const values = Float64Array.from(leaves, (leaf, i) => this.#leafValue(leaf, members[i]!));
    const tree = grower.assembly.finish(
      this.task.matrix,
      Float64Array.from(leaves, (leaf) => leaf.count),
      values,
    );
    if (taking.length < this.task.rows.length) this.#scores.add(tree);
    else for (const [leaf, positions] of members.entries()) addToScores(scores, positions, values[leaf]!);
    return tree;
  }

  /** The leaf's value from exact sums: only the choice of splits rests on quantised ones. */
  #leafValue(leaf: OpenLeaf, positions: Uint32Array): number {
    const { learningRate, l1, l2 } = this.params;
    const renew = this.#objective.renewLeaf;
    const step = renew
      ? renew(this.#data, this.#scores.scores, positions)
      : newtonStep(this.#gradient, this.#hessian, positions, l1, l2);
    return learningRate * Math.min(Math.max(step, leaf.lowest), leaf.highest);
  }
}

function newtonStep(
  gradient: Float64Array,
  hessian: Float64Array,
  positions: Uint32Array,
  l1: number,
  l2: number,
): number {
  let g = 0;
  let h = 0;
  for (let i = 0; i < positions.length; i++) {
    g += gradient[positions[i]!]!;
    h += hessian[positions[i]!]!;
  }
  return h + l2 > 0 ? -softThreshold(g, l1) / (h + l2) : 0;
}

function addToScores(scores: Float64Array, positions: Uint32Array, value: number): void {
  for (let i = 0; i < positions.length; i++) scores[positions[i]!]! += value;
}

function addMargin(scores: Float64Array, rows: Uint32Array, margin: Float64Array | undefined): void {
  if (!margin) return;
  for (let i = 0; i < rows.length; i++) scores[i]! += margin[rows[i]!]!;
}

function bagSize(rows: number, { rowFraction }: BoosterParams): number {
  return Math.max(1, Math.round(rowFraction * rows));
}

function checkTask(
  { matrix, rows, label, weight, validationRows, margin }: BoosterTask,
  params: BoosterParams,
): void {
  if (rows.length === 0) throw new LearnInputError('a booster needs at least one training row');
  if (label.length < matrix.rows) throw new LearnInputError(`${label.length} labels for ${matrix.rows} rows`);
  if (weight && weight.length < matrix.rows)
    throw new LearnInputError(`${weight.length} weights for ${matrix.rows} rows`);
  if (params.monotone && params.monotone.length !== matrix.columns) {
    throw new LearnInputError(
      `monotone names ${params.monotone.length} columns, the matrix has ${matrix.columns}`,
    );
  }
  if (validationRows?.length === 0)
    throw new LearnInputError('validationRows is empty: leave it out instead');
  if (params.earlyStoppingRounds > 0 && !validationRows) {
    throw new LearnInputError('earlyStoppingRounds needs validationRows');
  }
  if (margin && margin.length < matrix.rows)
    throw new LearnInputError(`${margin.length} margins for ${matrix.rows} rows`);
  for (const some of [rows, validationRows ?? new Uint32Array(0)]) {
    checkRows(some, matrix.rows);
    const unset = margin ? some.find((row) => !Number.isFinite(margin[row])) : undefined;
    if (unset !== undefined) throw new LearnInputError(`the margin of row ${unset} is ${margin![unset]}`);
    for (const row of some) checkRow(row, label[row]!, weight?.[row], params);
  }
}

function checkRow(row: number, label: number, weight: number | undefined, params: BoosterParams): void {
  if (!Number.isFinite(label)) throw new LearnInputError(`the label of row ${row} is ${label}`);
  if (params.objective === 'logistic' && (label < 0 || label > 1)) {
    throw new LearnInputError(`the label of row ${row} is ${label}, logistic needs 0 to 1`);
  }
  if (weight !== undefined && !(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
    throw new LearnInputError(`the weight of row ${row} is ${weight}, it must be above 0`);
  }
}
