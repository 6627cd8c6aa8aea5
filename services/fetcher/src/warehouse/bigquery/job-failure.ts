import type { OnescanError } from '@onescan/contract/onescan-error.js';
import type { JobState } from './api-answers.js';
import { bigQueryError } from './bigquery-problem.js';

/**
 * What a job failed with, or undefined. BigQuery answers the request for a job that it refuses with status 200 too;
 * `status.errors` without `status.errorResult` are warnings.
 *
 * @param doing says what failed, e.g. "job J"
 */
export function failureOf(doing: string, { status }: Pick<JobState, 'status'>): OnescanError | undefined {
  if (!status.errorResult) return undefined;
  const { reason = '', message = '' } = status.errorResult;
  return bigQueryError(doing, { errors: [{ reason, message }], message: message || 'the job failed' });
}
