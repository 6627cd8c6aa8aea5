import type { BaselineName } from '../baselines/fit-baselines.js';
import type { ChosenThreshold } from '../scoring/choose-threshold.js';
import type { FinalPredictions, FinalScores } from '../scoring/final-scores.js';
import { GATING_COVERAGES, GATING_THRESHOLDS, gateAtThreshold } from '../scoring/gating-curve.js';
import { estimateJson } from './estimate-json.js';
import { type JsonObject, jsonNumber } from './json.js';

/** Gating curves of the final segment: by threshold, by coverage beside every baseline, and the chosen gate. */
export function gatingJson(
  predictions: FinalPredictions,
  label: Float64Array,
  scores: FinalScores,
  chosen: ChosenThreshold | null,
): JsonObject {
  const at = (name: string) => estimateJson(scores.estimates.get(name)!);
  const gateFacts = (threshold: number) => {
    const { calls, coverage } = gateAtThreshold(predictions.probability, label, threshold);
    return { threshold, calls, coverage: jsonNumber(coverage) };
  };
  return {
    thresholds: GATING_THRESHOLDS.map((threshold) => ({
      ...gateFacts(threshold),
      accuracy: at(`gate.threshold.${threshold}`),
    })),
    coverages: GATING_COVERAGES.map((coverage) => ({
      coverage,
      calls: Math.round(coverage * label.length),
      accuracy: at(`gate.coverage.${coverage}`),
      baselines: Object.fromEntries(
        predictions.baselines.map(({ name }): [BaselineName, JsonObject] => [
          name,
          at(`baseline.${name}.accuracyAt${coverage}`),
        ]),
      ),
    })),
    chosen: chosen && {
      ...gateFacts(chosen.threshold),
      accuracy: at('gate.chosen'),
      outOfFoldAccuracy: jsonNumber(chosen.accuracy),
      outOfFoldCoverage: jsonNumber(chosen.coverage),
    },
  };
}
