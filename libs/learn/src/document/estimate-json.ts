import type { Estimate } from '../metrics/block-bootstrap.js';

/** An estimate with its interval; null where a figure is not defined. */
export interface EstimateJson {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly standardError: number | null;
}

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

/** A number JSON can carry: finite, and never negative zero, else null for "not defined". */
export function jsonNumber(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}
