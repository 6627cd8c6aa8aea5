import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import type { LearnedHorizon } from '../horizon/learn-horizon.js';
import { directionStatistics } from '../metrics/score-direction.js';
import { sigmoid } from '../numeric/sigmoid.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import type { ScoredRows } from '../stacking/cross-fit-stack.js';
import type { FoldPredictions } from '../training/out-of-fold.js';
import { jsonNumber } from './estimate-json.js';
import type { DirectionFiguresJson, FoldFiguresJson, OutOfFoldJson } from './result-document.js';

/** How good the stack was on development rows that it did not see: together, by path, and part by part of time. */
export function outOfFoldJson(
  { pair, config }: { pair: PairInput; config: LearnConfig },
  learned: LearnedHorizon,
): OutOfFoldJson {
  const { crossFit, segments, data } = learned;
  const { scored, paths } = crossFit;
  const figures = (rows: ScoredRows): DirectionFiguresJson => figuresOf(rows, data.up);
  return {
    scheme: config.protocol.scheme,
    folds: segments.folds.length,
    rows: paths[0]!.rows.length,
    ...figures(scored),
    paths: paths.map(figures),
    byFold: byFold(learned, pair.time),
  };
}

/** Rows that some fold tests, each counted once. */
export function outOfFoldRows(segments: ProtocolSegments): number {
  return testedParts(segments).reduce((sum, rows) => sum + rows.length, 0);
}

/** Parts of time that are tested, in their order: the folds, or what combinatorial folds choose from. */
function testedParts({ folds, combinatorial }: ProtocolSegments): readonly Uint32Array[] {
  return combinatorial?.groups ?? folds.map(({ test }) => test);
}

/** Of the first path, which predicts every scored row once; parts that no stack predicts are left out. */
function byFold(
  { crossFit, outOfFold, segments, data }: LearnedHorizon,
  time: Float64Array,
): FoldFiguresJson[] {
  const { rows, probability } = crossFit.paths[0]!;
  const predicted = new Map(Array.from(rows, (row, k) => [row, probability[k]!]));
  const known = startingProbabilities(outOfFold.folds);
  return testedParts(segments).flatMap((tested, part): FoldFiguresJson[] => {
    const own = tested.filter((row) => predicted.has(row));
    if (own.length === 0) return [];
    const of = (values: ReadonlyMap<number, number>): DirectionFiguresJson =>
      figuresOf({ rows: own, probability: Float64Array.from(own, (row) => values.get(row)!) }, data.up);
    const [from, to] = [time[own[0]!]!, time[own.at(-1)!]!];
    return [{ fold: part + 1, rows: own.length, from, to, ...of(predicted), known: of(known) }];
  });
}

/** By row: what the direction models of the first fold that tests it start from, without any feature. */
function startingProbabilities(folds: readonly FoldPredictions[]): Map<number, number> {
  const known = new Map<number, number>();
  for (const { rows, base } of folds) {
    rows.forEach((row, k) => {
      if (!known.has(row)) known.set(row, sigmoid(base[k]!));
    });
  }
  return known;
}

function figuresOf(
  { rows, probability }: ScoredRows,
  up: LearnedHorizon['data']['up'],
): DirectionFiguresJson {
  const label = Float64Array.from(rows, (row) => up[row]!);
  const { auc, logLoss, brier, accuracy, calibrationError } = directionStatistics(probability, label);
  return {
    auc: jsonNumber(auc()),
    logLoss: jsonNumber(logLoss()),
    brier: jsonNumber(brier()),
    accuracy: jsonNumber(accuracy()),
    calibrationError: jsonNumber(calibrationError()),
  };
}
