import type { ChosenThreshold } from '../scoring/choose-threshold.js';
import type { FinalPredictions, FinalScores } from '../scoring/final-scores.js';
import { GATING_COVERAGES, GATING_THRESHOLDS, gateAtThreshold } from '../scoring/gating-curve.js';
import { estimateJson, jsonNumber } from './estimate-json.js';
import type { GatingJson } from './result-document.js';

/** Gating curves of the final segment: by threshold, by coverage beside every baseline, and the chosen gate. */
export function gatingJson(
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
