import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonData } from '../data/horizon-data.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { sigmoid } from '../numeric/sigmoid.js';
import type { CombinatorialGroups } from '../splits/protocol-segments.js';
import { purge } from '../splits/purge.js';
import { type FoldPredictions, joinFolds } from '../training/out-of-fold.js';
import type { CrossFitStack, ScoredRows } from './cross-fit-stack.js';
import {
  joinStacked,
  type RecordedFit,
  restrictTo,
  type StackedRows,
  StackFitting,
} from './stack-fitting.js';
import { type Stack, stackLogOdds } from './stack-log-odds.js';

export interface CombinatorialInput {
  /** One a choice of two groups. */
  readonly folds: readonly FoldPredictions[];
  readonly combinatorial: CombinatorialGroups;
  readonly data: HorizonData;
  readonly config: Pick<LearnConfig, 'stacking' | 'calibration' | 'protocol'>;
}

/**
 * The same as `crossFitStack` for combinatorial folds (Lopez de Prado 2018, ch. 12). Each group g is tested together with
 * each other group h, so that predictions of h exist whose models saw neither g nor h: the stack for g is fitted on
 * those, of all h, purged against g by label span. What it is calibrated by are the same predictions of h, stacked with
 * weights of the remaining groups; models behind those weights saw h, but never g. Nothing behind a prediction of g ever
 * saw a row of g.
 *
 * A path takes, for every group, another one of the folds that test it: with n groups there are n - 1.
 */
export function crossFitCombinatorial(input: CombinatorialInput): CrossFitStack {
  const { folds, data, config } = input;
  const nest = new Nest(input);
  const { groups } = input.combinatorial;
  const scorers = groups.map((_, group) => nest.scorer(group));
  const paths: ScoredRows[] = [];
  const stacked: StackedRows[] = [];
  for (let path = 0; path < groups.length - 1; path++) {
    const parts = groups.map((rows, group) => {
      const { stack, calibrator } = scorers[group]!;
      const { base, added } = nest.predictions(group, nest.foldsOf(group)[path]!);
      const logOdds = stackLogOdds(stack, base, added);
      return {
        rows,
        logOdds,
        probability: calibrator ? calibrator.calibrate(logOdds) : logOdds.map(sigmoid),
      };
    });
    stacked.push(...parts);
    paths.push({
      rows: Uint32Array.from(parts.flatMap(({ rows }) => [...rows])),
      probability: Float64Array.from(parts.flatMap(({ probability }) => [...probability])),
    });
  }
  const fitting = new StackFitting(data, config);
  const all = joinFolds(folds);
  return {
    stack: fitting.fitStack(all, paths.length),
    calibrator: fitting.calibrate(joinStacked(stacked), paths.length)!,
    modelCalibrators: fitting.calibrateModels(all, paths.length),
    scored: {
      rows: Uint32Array.from(paths.flatMap(({ rows }) => [...rows])),
      probability: Float64Array.from(paths.flatMap(({ probability }) => [...probability])),
    },
    paths,
    fits: nest.fits,
  };
}

/** Predictions by group and fold, and what is fitted on them. */
class Nest {
  readonly fits: RecordedFit[] = [];
  readonly #input: CombinatorialInput;
  readonly #fitting: StackFitting;

  constructor(input: CombinatorialInput) {
    this.#input = input;
    this.#fitting = new StackFitting(input.data, input.config);
  }

  /** Folds that test the group, in order. */
  foldsOf(group: number): number[] {
    const { tested } = this.#input.combinatorial;
    return [...tested.keys()].filter((fold) => tested[fold]!.includes(group));
  }

  /** What a fold predicted of one of its groups. */
  predictions(group: number, fold: number): FoldPredictions {
    const rows = new Set(this.#input.combinatorial.groups[group]!);
    return restrictTo(this.#input.folds[fold]!, (row) => rows.has(row));
  }

  /** Stack and calibrator that never saw the group. */
  scorer(group: number) {
    const { groups } = this.#input.combinatorial;
    const others = [...groups.keys()].filter((other) => other !== group);
    const stack = this.#stack(group, others, groups[group]!);
    const shown = others.map((other): StackedRows => {
      const rest = others.filter((one) => one !== other);
      const own = this.#stack(group, rest, groups[other]!);
      const { rows, base, added } = this.#apart(group, other);
      return { rows, logOdds: stackLogOdds(own, base, added) };
    });
    const calibrating = joinStacked(shown);
    const calibrator = this.#fitting.calibrate(calibrating);
    const folds = others.map((other) => this.#foldOf(group, other));
    const scored = groups[group]!;
    this.fits.push({ what: 'calibrator', fitted: calibrating.rows, scored, serves: scored, folds });
    return { stack, calibrator };
  }

  /** A stack of groups as they are predicted by models that did not see `group`, for rows of `scored`. */
  #stack(group: number, fitted: readonly number[], scored: Uint32Array): Stack {
    const allowed = this.#clearOf(scored);
    const parts = fitted.map((other) => restrictTo(this.#apart(group, other), (row) => allowed.has(row)));
    const joined = joinFolds(parts);
    const folds = fitted.map((other) => this.#foldOf(group, other));
    if (joined.rows.length === 0) {
      throw new LearnInputError(
        'protocol.scheme=combinatorial: purging leaves no row to fit stacking weights on: use fewer folds or more rows',
      );
    }
    this.fits.push({ what: 'stack', fitted: joined.rows, scored, serves: this.#rows(group), folds });
    return this.#fitting.fitStack(joined);
  }

  /** Predictions of `other` by the fold that tests it with `group`, purged against the group. */
  #apart(group: number, other: number): FoldPredictions {
    const allowed = this.#clearOf(this.#rows(group));
    return restrictTo(this.predictions(other, this.#foldOf(group, other)), (row) => allowed.has(row));
  }

  #rows(group: number): Uint32Array {
    return this.#input.combinatorial.groups[group]!;
  }

  #foldOf(a: number, b: number): number {
    return this.#input.combinatorial.tested.findIndex((pair) => pair.includes(a) && pair.includes(b));
  }

  /** Rows of all groups whose labels meet none of the scored rows'. */
  #clearOf(scored: Uint32Array): Set<number> {
    const { combinatorial, data, config } = this.#input;
    const { bar, geometry } = data;
    const blocks = [{ first: scored[0]!, last: scored.at(-1)! }];
    const rows = Uint32Array.from(combinatorial.groups.flatMap((group) => [...group]));
    return new Set(purge({ rows, bar, geometry, blocks, embargoBars: config.protocol.embargoBars }));
  }
}
