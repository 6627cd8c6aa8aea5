import type { BaselineName } from '../baselines/fit-baselines.js';
import { overlapRate, persistenceRate } from '../baselines/random-walk-rates.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import type { LearnedHorizon } from '../horizon/learn-horizon.js';
import { reliabilityBins } from '../metrics/reliability.js';
import { DIRECTION_MODELS, isBoosted, type ModelName } from '../models/model-registry.js';
import type { ChosenThreshold } from '../scoring/choose-threshold.js';
import type { FinalPredictions, FinalScores } from '../scoring/final-scores.js';
import { GATING_COVERAGES, GATING_THRESHOLDS, gateAtThreshold } from '../scoring/gating-curve.js';
import type { ModelSizes } from '../training/train-models.js';
import { estimateJson, jsonNumber, scoresJson } from './estimate-json.js';
import { outOfFoldJson, outOfFoldRows } from './out-of-fold-json.js';
import {
  type BaselineJson,
  type ConfigJson,
  type FeatureReasonJson,
  type GatingJson,
  type InteractionsJson,
  type LearnedDocument,
  type ModelJson,
  type ModelSizeJson,
  RESULT_FORMAT_VERSION,
  type ReliabilityJson,
  type RowsJson,
  type SegmentJson,
  type StackJson,
} from './result-document.js';
import { shapJson } from './shap-json.js';
import { skillJson } from './skill-json.js';
import type { Suspicion } from './suspicions.js';

/** What a horizon was learned from. */
export interface DocumentScope {
  readonly pair: PairInput;
  readonly config: LearnConfig;
  readonly seed: bigint;
}

/** All that was learned about one horizon as plain JSON, deterministic to the last digit. */
export function writeDocument(
  scope: DocumentScope,
  learned: LearnedHorizon,
  suspected: readonly Suspicion[],
): LearnedDocument {
  const { pair, config, seed } = scope;
  const { data, pruning, leaks, selection, predictions, scores, judgement, threshold } = learned;
  const label = Float64Array.from(predictions.rows, (row) => data.up[row]!);
  return {
    format: 'onescan.horizon-result',
    formatVersion: RESULT_FORMAT_VERSION,
    horizon: data.geometry.horizon,
    targetWindow: pair.targetWindow,
    seed: seed.toString(),
    config: configJson(config),
    verdict: judgement.verdict,
    verdictReason: judgement.reason,
    skill: skillJson(config.verdict.level, learned.scores),
    rows: rowsJson(learned, data.value.length),
    segments: segmentsJson(pair.time, learned),
    features: {
      tested: pair.matrix.columns,
      pruned: pair.matrix.columns - pruning.kept.length,
      candidates: pruning.kept.length,
      leaking: leaks.refused.size,
      retained: selection.selected.length,
      products: learned.columns.length - selection.selected.length,
    },
    selection: {
      ...selection.facts,
      expectedFalseSelections: jsonNumber(selection.expectedFalseSelections),
      leakage: suspected.filter(({ retained }) => !retained).map(suspicionJson),
    },
    suspicious: suspected.filter(({ retained }) => retained).map(suspicionJson),
    interactions: interactionsJson(scope, learned),
    models: modelsJson(learned),
    stack: stackJson(learned),
    final: {
      direction: scoresJson(scores.stack),
      value: Object.fromEntries(scores.values.map((one) => [one.name, scoresJson(one.scores)])),
    },
    outOfFold: outOfFoldJson(scope, learned),
    baselines: baselinesJson(learned),
    reliability: reliabilityJson(learned),
    gating: gatingJson(predictions, label, scores, threshold),
    shap: shapJson(scope, learned),
  };
}

function suspicionJson({ feature, why }: Suspicion): FeatureReasonJson {
  return { feature, reasonCode: why.code, facts: why.facts };
}

/** Every setting; of `models.export`, which changes no result, only that it was asked for. */
function configJson(config: LearnConfig): ConfigJson {
  const { models, ...others } = config;
  const { export: exported, ...settings } = models;
  return structuredClone({ ...others, models: exported === 'yes' ? models : settings });
}

function rowsJson(
  { data, segments, selectionRows, crossFit, explanation }: LearnedHorizon,
  total: number,
): RowsJson {
  return {
    total,
    usable: data.usable.length,
    missingTarget: data.missing.target,
    missingKnownPart: data.missing.knownPart,
    missingPersistence: data.missing.persistence,
    knownPartAvailable: data.knownAvailable,
    selection: selectionRows.length,
    development: segments.development.length,
    outOfFold: outOfFoldRows(segments),
    outOfFoldScored: crossFit.paths[0]!.rows.length,
    purgedBeforeFinal: segments.purgedRows,
    final: segments.final.length,
    explained: explanation?.rows.length ?? 0,
  };
}

function segmentsJson(time: Float64Array, { segments, selectionRows }: LearnedHorizon): SegmentJson[] {
  const span = (name: string, rows: Uint32Array) => ({
    name,
    rows: rows.length,
    from: time[rows[0]!]!,
    to: time[rows.at(-1)!]!,
  });
  return [
    span('selection', selectionRows),
    ...segments.folds.flatMap((fold, k) => [
      span(`fold ${k + 1} train`, fold.train),
      span(`fold ${k + 1} test`, fold.test),
    ]),
    span('development', segments.development),
    span('final', segments.final),
  ];
}

function interactionsJson(
  { pair, config }: DocumentScope,
  { selection }: LearnedHorizon,
): InteractionsJson | null {
  const found = selection.interactions;
  if (!found) return null;
  const { pairs, threshold } = config.select;
  return {
    features: found.features,
    tested: found.tested,
    q: found.q,
    threshold,
    pairs,
    bounds: { ...found.bounds },
    shadowSelections: found.shadowSelections,
    retained: found.retained.map(({ columns, parts, direction, frequency, explained }) => ({
      features: [pair.featureIds[columns[0]]!, pair.featureIds[columns[1]]!],
      by: parts,
      direction,
      frequency,
      explained,
    })),
  };
}

function modelsJson({ outOfFold, final, scores }: LearnedHorizon): ModelJson[] {
  if (!final) return [];
  const { sizes } = final;
  const size = (name: ModelName, from: ModelSizes): ModelSizeJson =>
    isBoosted(name) ? { trees: from[name] } : { penalty: from[name] };
  const ofFolds = (name: ModelName) => outOfFold.sizes.map((fold) => size(name, fold));
  const direction = scores.models.map(
    ({ name, scores: own }): ModelJson => ({
      name,
      predicts: 'direction',
      folds: ofFolds(name),
      ...size(name, sizes),
      final: scoresJson(own),
    }),
  );
  return [
    ...direction,
    { name: 'value booster', predicts: 'value', folds: ofFolds('value'), ...size('value', sizes) },
    { name: 'ridge', predicts: 'value', folds: ofFolds('ridge'), ...size('ridge', sizes) },
  ];
}

function stackJson({ crossFit, final }: LearnedHorizon): StackJson | null {
  if (!final) return null;
  const { stack, calibrator } = crossFit;
  return {
    intercept: stack.intercept,
    startWeight: stack.baseWeight,
    weights: Object.fromEntries(
      DIRECTION_MODELS.map((name, m) => [name, stack.weights[m]!]),
    ) as StackJson['weights'],
    calibration: {
      method: calibrator.method,
      slope: calibrator.linear?.slope ?? null,
      intercept: calibrator.linear?.intercept ?? null,
    },
  };
}

function baselinesJson({ data, scores }: LearnedHorizon): BaselineJson[] {
  const onRandomWalk: { readonly [name in BaselineName]?: number } = {
    overlap: overlapRate(data.geometry),
    persistence: persistenceRate(data.geometry),
  };
  return scores.baselines.map(({ name, scores: { accuracy, auc, logLoss, brier } }) => ({
    name,
    ...scoresJson({ accuracy, auc }),
    logLoss: logLoss && estimateJson(logLoss),
    brier: brier && estimateJson(brier),
    randomWalkAccuracy: onRandomWalk[name] ?? null,
  }));
}

function reliabilityJson({ predictions, scores }: LearnedHorizon): ReliabilityJson[] {
  return reliabilityBins(predictions.probability).bins.map(({ rows, low, mean, high }, bin) => ({
    rows,
    low,
    high,
    meanPredicted: mean,
    observed: estimateJson(scores.reliability[bin]!),
  }));
}

/** Gating curves of the final segment: by threshold, by coverage beside every baseline, and the chosen gate. */
function gatingJson(
  { probability }: FinalPredictions,
  label: Float64Array,
  { gates, baselines }: FinalScores,
  threshold: ChosenThreshold | null,
): GatingJson {
  const gateFacts = (limit: number) => {
    const { calls, coverage } = gateAtThreshold(probability, label, limit);
    return { threshold: limit, calls, coverage: jsonNumber(coverage) };
  };
  return {
    thresholds: GATING_THRESHOLDS.map((limit, k) => ({
      ...gateFacts(limit),
      accuracy: estimateJson(gates.thresholds[k]!),
    })),
    coverages: GATING_COVERAGES.map((coverage, k) => ({
      coverage,
      calls: Math.round(coverage * label.length),
      accuracy: estimateJson(gates.coverages[k]!),
      baselines: Object.fromEntries(
        baselines.map(({ name, scores }) => [name, estimateJson(scores.accuracyAt[k]!)]),
      ),
    })),
    chosen:
      threshold && gates.chosen
        ? {
            ...gateFacts(threshold.threshold),
            accuracy: estimateJson(gates.chosen),
            outOfFoldAccuracy: jsonNumber(threshold.accuracy),
            outOfFoldCoverage: jsonNumber(threshold.coverage),
          }
        : null,
  };
}
