import { ApiError } from './api-error.js';

/** Throws ApiError 400 for labels that BigQuery does not take. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(labels)) {
    if (/^[a-z][a-z0-9_-]{0,62}$/.test(key) && /^[a-z0-9_-]{0,63}$/.test(value)) continue;
    throw new ApiError(
      400,
      'invalid',
      `Label ${key}: ${value} has characters or a length that are not allowed`,
    );
  }
}
