import { type Baseline, fitBaselines } from '../baselines/fit-baselines.js';
import type { ModelContext } from '../models/model-context.js';
import { outOfFold } from '../models/out-of-fold.js';
import type { LearnHooks } from '../progress/learn-hooks.js';
import { chooseThreshold } from '../scoring/choose-threshold.js';
import { type FinalPredictions, type FinalScores, scoreFinal } from '../scoring/final-scores.js';
import { type Judgement, judge } from '../scoring/judge.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import { crossFitCombinatorial } from '../stacking/cross-fit-combinatorial.js';
import { crossFitStack } from '../stacking/cross-fit-stack.js';
import { finalModels } from '../stacking/final-models.js';
import type { HorizonScope, LearnedHorizon } from './learn-horizon.js';

/** What the model stage adds to a horizon. */
export type Modelled = Omit<
  LearnedHorizon,
  'data' | 'segments' | 'selection' | 'explanation' | 'ranking' | 'permutation' | 'shapInteractions'
>;

/** Models fold by fold, stack, final models, their scores on the final segment and the verdict. */
export function modelHorizon(
  context: ModelContext,
  { pair, config }: HorizonScope,
  segments: ProtocolSegments,
  seed: bigint,
  hooks: LearnHooks,
): Modelled {
  const { data } = context;
  const { development, folds, final: finalRows } = segments;
  // Each fold is a training of all models, and the final one is too.
  const trainings = folds.length + 1;
  const report = (trained: number) => hooks.onProgress?.('model', trained / trainings);
  const oof = outOfFold(context, folds, (fraction) => report(fraction * folds.length));
  const { combinatorial } = segments;
  const crossFit = combinatorial
    ? crossFitCombinatorial({ folds: oof.folds, combinatorial, data, config })
    : crossFitStack(oof.folds, data, config);
  const scoredLabels = Float64Array.from(crossFit.scored.rows, (row) => data.up[row]!);
  const threshold = chooseThreshold(crossFit.scored.probability, scoredLabels, config.gating.minCoverage);
  const { matrix, featureIds } = pair;
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
  const predictions: FinalPredictions = {
    rows: finalRows,
    probability: final?.probability ?? overlapProbability(baselines),
    models: final?.byModel ?? [],
    values: final?.values ?? [],
    baselines,
    threshold: threshold?.threshold ?? null,
  };
  const scores = scoreFinal({ predictions, data, config, seed }, context);
  const judgement = judgeHorizon(context, scores, finalRows.length);
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

function overlapProbability(baselines: readonly Baseline[]): Float64Array {
  return baselines.find(({ name }) => name === 'overlap_logistic')!.probability!;
}

function judgeHorizon(context: ModelContext, scores: FinalScores, scoredRows: number): Judgement {
  const { data, config, matrix } = context;
  const { estimates, skill, blocks } = scores;
  return judge({
    ...data.geometry,
    scoredRows,
    blocks,
    minRows: config.verdict.minRows,
    minBlocks: config.verdict.minBlocks,
    knownAvailable: data.knownAvailable,
    retainedFeatures: matrix?.columns ?? 0,
    accuracy: estimates.get('stack.accuracy')!.value,
    accuracyBaseline: skill.accuracyBaseline,
    baselineAccuracy: estimates.get(`baseline.${skill.accuracyBaseline}.accuracy`)!.value,
    logLossGain: estimates.get('skill.logLossGain')!,
    unknownEdge: estimates.get('skill.unknownEdge')!,
  });
}
