import type { Estimate } from '../metrics/block-bootstrap.js';
import { type EstimateJson, jsonNumber } from './result-document.js';

/** An estimate for the result document; null where it is not defined. */
export function estimateJson({ value, low, high, standardError }: Estimate): EstimateJson {
  return {
    value: jsonNumber(value),
    low: jsonNumber(low),
    high: jsonNumber(high),
    standardError: jsonNumber(standardError),
  };
}

/** The same of several scores, by their names. */
export function scoresJson<Name extends string>(
  scores: Readonly<Record<Name, Estimate>>,
): Record<Name, EstimateJson> {
  const entries = Object.entries<Estimate>(scores).map(([name, estimate]) => [name, estimateJson(estimate)]);
  return Object.fromEntries(entries) as Record<Name, EstimateJson>;
}
