import type { Estimate } from '../metrics/block-bootstrap.js';
import { type JsonObject, jsonNumber } from './json.js';

/** An estimate for the result document; null where it is not defined. */
export function estimateJson({ value, low, high, standardError }: Estimate): JsonObject {
  return {
    value: jsonNumber(value),
    low: jsonNumber(low),
    high: jsonNumber(high),
    standardError: jsonNumber(standardError),
  };
}

/** All estimates whose name starts with `prefix.`, by the rest of the name. */
export function estimatesJson(estimates: ReadonlyMap<string, Estimate>, prefix: string): JsonObject {
  const object: JsonObject = {};
  for (const [name, estimate] of estimates) {
    if (name.startsWith(`${prefix}.`)) object[name.slice(prefix.length + 1)] = estimateJson(estimate);
  }
  return object;
}
