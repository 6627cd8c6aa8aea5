import { fitBaselines } from '../baselines/fit-baselines.js';
import type { PairInput } from '../data/pair-input.js';
import type { LearnHooks } from '../progress/learn-hooks.js';
import { type ChosenThreshold, chooseThreshold } from '../scoring/choose-threshold.js';
import { type FinalPredictions, type FinalScores, scoreFinal } from '../scoring/final-scores.js';
import { type Judgement, judge } from '../scoring/judge.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import { crossFitCombinatorial } from '../stacking/cross-fit-combinatorial.js';
import { type CrossFitStack, crossFitStack } from '../stacking/cross-fit-stack.js';
import { type FinalModels, finalModels } from '../stacking/final-models.js';
import { stackLogOdds } from '../stacking/stack-log-odds.js';
import { startingLogOdds } from '../training/horizon-models.js';
import type { ModelContext } from '../training/model-context.js';
import { type FoldPredictions, type OutOfFold, outOfFold } from '../training/out-of-fold.js';

/** What the model stage finds. */
export interface Modelled {
  readonly outOfFold: OutOfFold;
  readonly crossFit: CrossFitStack;
  readonly threshold: ChosenThreshold | null;
  /** Null when no feature was retained: the prediction is then the overlap baseline's. */
  readonly final: FinalModels | null;
  readonly predictions: FinalPredictions;
  readonly scores: FinalScores;
  readonly judgement: Judgement;
}

/** Models fold by fold, stack, final models, their scores on the final segment and the verdict. */
export function modelStage(
  context: ModelContext,
  { matrix, featureIds, time }: PairInput,
  segments: ProtocolSegments,
  seed: bigint,
  suspects: number,
  hooks: LearnHooks,
): Modelled {
  const { data, config } = context;
  const { development, folds, final: finalRows } = segments;
  // Each fold is a training of all models, and the final one is too.
  const trainings = folds.length + 1;
  const report = (trained: number) => hooks.onProgress?.('model', trained / trainings);
  const oof = outOfFold(context, folds, (fraction) => report(fraction * folds.length));
  const { combinatorial } = segments;
  const crossFitted = (predicted: readonly FoldPredictions[]) =>
    combinatorial
      ? crossFitCombinatorial({ folds: predicted, combinatorial, data, config })
      : crossFitStack(predicted, data, config);
  const crossFit = crossFitted(oof.folds);
  const scoredLabels = Float64Array.from(crossFit.scored.rows, (row) => data.up[row]!);
  const threshold = chooseThreshold(crossFit.scored.probability, scoredLabels, config.gating.minCoverage);
  const { baselines, overlapLogOdds } = fitBaselines(
    { matrix, featureIds, data, fitRows: development, scoredRows: finalRows },
    context,
  );
  const final =
    context.matrix === null
      ? null
      : finalModels(context, {
          development,
          final: finalRows,
          sizes: oof.sizes,
          crossFit,
          part: folds.length,
          margin: config.models.start === 'overlap' ? overlapLogOdds : undefined,
          onProgress: (fraction) => report(folds.length + fraction),
        });
  const alone = crossFitted(withoutModels(context, segments, oof.folds));
  const overlap = Float64Array.from(finalRows, (row) => overlapLogOdds[row]!);
  const reference = alone.calibrator.calibrate(stackLogOdds(alone.stack, overlap, []));
  const predictions: FinalPredictions = {
    rows: finalRows,
    probability: final?.probability ?? reference,
    reference,
    models: final?.byModel ?? [],
    values: final?.values ?? [],
    baselines,
    threshold: threshold?.threshold ?? null,
  };
  const scores = scoreFinal({ predictions, data, time, config, seed }, context);
  const judgement = judgeHorizon(context, scores, { scoredRows: finalRows.length, suspects });
  return {
    outOfFold: oof,
    crossFit,
    threshold,
    final,
    predictions,
    scores,
    judgement,
  };
}

/** What the folds' models start from, were it the overlap baseline, and nothing that they add. */
function withoutModels(
  context: ModelContext,
  { folds }: ProtocolSegments,
  predicted: readonly FoldPredictions[],
): FoldPredictions[] {
  const isOverlap = context.config.models.start === 'overlap';
  const bases = isOverlap
    ? predicted.map(({ base }) => base)
    : startingLogOdds(
        context,
        folds.map(({ train }) => train),
        'overlap',
      ).map((margin, fold) => Float64Array.from(predicted[fold]!.rows, (row) => margin[row]!));
  return predicted.map(({ rows }, fold) => ({ rows, base: bases[fold]!, added: [], unknown: null }));
}

function judgeHorizon(
  context: ModelContext,
  scores: FinalScores,
  counts: { readonly scoredRows: number; readonly suspects: number },
): Judgement {
  const { data, config, matrix } = context;
  const { stack, skill, blocks } = scores;
  const { accuracyBaseline, logLossGain, unknownEdge, honestEdge, detectable } = skill;
  return judge({
    ...data.geometry,
    ...counts,
    blocks,
    minRows: config.verdict.minRows,
    minBlocks: config.verdict.minBlocks,
    knownAvailable: data.knownAvailable,
    retainedFeatures: matrix?.columns ?? 0,
    accuracy: stack.accuracy.value,
    accuracyBaseline: accuracyBaseline.name,
    baselineAccuracy: accuracyBaseline.scores.accuracy.value,
    logLossGain,
    unknownEdge,
    honestEdge,
    detectable,
  });
}
