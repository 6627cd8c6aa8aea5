import { overlapRate, persistenceRate } from '../baselines/random-walk-rates.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { HorizonInput, HorizonScope, LearnedHorizon } from '../horizon/learn-horizon.js';
import { reliabilityBins } from '../metrics/reliability.js';
import { directionStatistics } from '../metrics/score-direction.js';
import { DIRECTION_MODELS, type ModelSizes } from '../models/train-models.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import type { ScoredRows } from '../stacking/cross-fit-stack.js';
import { estimateJson, estimatesJson } from './estimate-json.js';
import { gatingJson } from './gating-json.js';
import { type JsonObject, type JsonValue, jsonNumber } from './json.js';
import { shapJson } from './shap-json.js';
import type { Suspicion } from './suspicions.js';

/** Version of the document's structure; docs/results.md describes it. */
export const RESULT_FORMAT_VERSION = 1;

/** All that was learned about one horizon as plain JSON, deterministic to the last digit. */
export function resultDocument(
  scope: HorizonScope,
  input: HorizonInput,
  learned: LearnedHorizon,
  suspected: readonly Suspicion[],
): JsonObject {
  const { pair, config } = scope;
  const { data, predictions, scores, judgement, threshold } = learned;
  const label = Float64Array.from(predictions.rows, (row) => data.up[row]!);
  return {
    format: 'onescan.horizon-result',
    formatVersion: RESULT_FORMAT_VERSION,
    horizon: input.horizon,
    targetWindow: pair.targetWindow,
    seed: input.seed.toString(),
    config: configJson(config),
    verdict: judgement.verdict,
    verdictText: judgement.text,
    skill: skillJson(scope, learned),
    rows: rowsJson(learned, data.value.length),
    segments: segmentsJson(pair.time, learned),
    features: {
      tested: pair.matrix.columns,
      pruned: pair.matrix.columns - scope.selection.prune().kept.length,
      candidates: scope.selection.prune().kept.length,
      leaking: learned.selection.leaks.size,
      retained: learned.selection.selected.length,
    },
    selection: {
      ...learned.selection.facts,
      expectedFalseSelections: jsonNumber(learned.selection.expectedFalseSelections),
      leakage: [...learned.selection.leaks].map(([column, reason]) => ({
        feature: pair.featureIds[column]!,
        reason,
      })),
    },
    suspicious: suspected
      .filter(({ retained }) => retained)
      .map(({ feature, reason }) => ({ feature, reason })),
    interactions: interactionsJson(scope, learned),
    models: modelsJson(learned),
    stack: stackJson(learned),
    final: {
      direction: estimatesJson(scores.estimates, 'stack'),
      value: Object.fromEntries(
        predictions.values.map(({ name }) => [name, estimatesJson(scores.estimates, `value.${name}`)]),
      ),
    },
    outOfFold: outOfFoldJson(scope, learned),
    baselines: baselinesJson(learned),
    reliability: reliabilityJson(learned),
    gating: gatingJson(predictions, label, scores, threshold),
    shap: shapJson(scope, learned),
  };
}

/** Every setting; of `models.export`, which changes no result, only that it was asked for. */
function configJson(config: LearnConfig): JsonValue {
  const { models, ...others } = config;
  const { export: exported, ...settings } = models;
  const shown = exported === 'yes' ? models : settings;
  return structuredClone({ ...others, models: shown }) as unknown as JsonValue;
}

function skillJson({ config }: HorizonScope, { scores }: LearnedHorizon): JsonObject {
  const at = (name: string) => estimateJson(scores.estimates.get(`skill.${name}`)!);
  return {
    level: config.verdict.level,
    bestBaseline: scores.skill.accuracyBaseline,
    logLossBaseline: scores.skill.logLossBaseline,
    logLossGain: at('logLossGain'),
    accuracyGain: at('accuracyGain'),
    unknownEdge: at('unknownEdge'),
    blockRows: scores.blockRows,
    blocks: scores.blocks,
  };
}

function rowsJson({ data, segments, crossFit, explanation }: LearnedHorizon, total: number): JsonObject {
  return {
    total,
    usable: data.usable.length,
    missingTarget: data.missing.target,
    missingKnownPart: data.missing.knownPart,
    missingPersistence: data.missing.persistence,
    knownPartAvailable: data.knownAvailable,
    selection: segments.selection.length,
    development: segments.development.length,
    outOfFold: outOfFoldRows(segments),
    outOfFoldScored: crossFit.paths[0]!.rows.length,
    purgedBeforeFinal: segments.purgedRows,
    final: segments.final.length,
    explained: explanation?.rows.length ?? 0,
  };
}

function segmentsJson(time: Float64Array, { segments }: LearnedHorizon): JsonObject[] {
  const span = (name: string, rows: Uint32Array) => ({
    name,
    rows: rows.length,
    from: time[rows[0]!]!,
    to: time[rows.at(-1)!]!,
  });
  return [
    span('selection', segments.selection),
    ...segments.folds.flatMap((fold, k) => [
      span(`fold ${k + 1} train`, fold.train),
      span(`fold ${k + 1} test`, fold.test),
    ]),
    span('development', segments.development),
    span('final', segments.final),
  ];
}

function interactionsJson({ pair, config }: HorizonScope, { selection }: LearnedHorizon): JsonObject | null {
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
    retained: found.retained.map(({ columns, direction, frequency, explained }) => ({
      features: columns.map((column) => pair.featureIds[column]!),
      direction,
      frequency,
      explained,
    })),
  };
}

function modelsJson({ outOfFold, final, scores }: LearnedHorizon): JsonObject[] {
  if (!final) return [];
  const { sizes } = final;
  const size = (name: keyof ModelSizes, from: ModelSizes) =>
    name === 'logistic' || name === 'ridge' ? { penalty: from[name] } : { trees: from[name] };
  const ofFolds = (name: keyof ModelSizes) => outOfFold.sizes.map((fold) => size(name, fold));
  const direction = DIRECTION_MODELS.map((name) => ({
    name,
    predicts: 'direction',
    folds: ofFolds(name),
    ...size(name, sizes),
    final: estimatesJson(scores.estimates, `model.${name}`),
  }));
  return [
    ...direction,
    { name: 'value booster', predicts: 'value', folds: ofFolds('value'), ...size('value', sizes) },
    { name: 'ridge', predicts: 'value', folds: ofFolds('ridge'), ...size('ridge', sizes) },
  ];
}

function stackJson({ crossFit, final }: LearnedHorizon): JsonObject | null {
  if (!final) return null;
  const { stack, calibrator } = crossFit;
  return {
    intercept: stack.intercept,
    startWeight: stack.baseWeight,
    weights: Object.fromEntries(DIRECTION_MODELS.map((name, m) => [name, stack.weights[m]!])),
    calibration: {
      method: calibrator.method,
      slope: calibrator.linear?.slope ?? null,
      intercept: calibrator.linear?.intercept ?? null,
    },
  };
}

function outOfFoldJson({ config }: HorizonScope, { crossFit, data, segments }: LearnedHorizon): JsonObject {
  const { scored, paths } = crossFit;
  const statistics = ({ rows, probability }: ScoredRows) => {
    const label = Float64Array.from(rows, (row) => data.up[row]!);
    const found = Object.entries(directionStatistics(probability, label));
    return Object.fromEntries(found.map(([name, statistic]) => [name, jsonNumber(statistic())]));
  };
  return {
    scheme: config.protocol.scheme,
    folds: segments.folds.length,
    rows: paths[0]!.rows.length,
    ...statistics(scored),
    paths: paths.map(statistics),
  };
}

/** Rows that some fold tests, each counted once. */
function outOfFoldRows({ folds, combinatorial }: ProtocolSegments): number {
  const parts = combinatorial?.groups ?? folds.map(({ test }) => test);
  return parts.reduce((sum, rows) => sum + rows.length, 0);
}

function baselinesJson({ data, predictions, scores }: LearnedHorizon): JsonObject[] {
  const onRandomWalk: Readonly<Record<string, number>> = {
    overlap: overlapRate(data.geometry),
    persistence: persistenceRate(data.geometry),
  };
  return predictions.baselines.map(({ name }) => {
    const estimates = scores.estimates;
    const pick = (metric: string) => {
      const estimate = estimates.get(`baseline.${name}.${metric}`);
      return estimate ? estimateJson(estimate) : null;
    };
    return {
      name,
      accuracy: pick('accuracy'),
      auc: pick('auc'),
      logLoss: pick('logLoss'),
      brier: pick('brier'),
      randomWalkAccuracy: onRandomWalk[name] ?? null,
    };
  });
}

function reliabilityJson({ predictions, scores }: LearnedHorizon): JsonObject[] {
  return reliabilityBins(predictions.probability).bins.map(({ rows, low, mean, high }, bin) => ({
    rows,
    low,
    high,
    meanPredicted: mean,
    observed: estimateJson(scores.estimates.get(`reliability.${bin}`)!),
  }));
}
