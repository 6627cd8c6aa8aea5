import type { QueryJob } from './generated/onescan/v1/fetcher.js';

/** True for a job that looks tables up: it is no statement of a plan. */
export function isMetadataQuery({ purpose }: Pick<QueryJob, 'purpose'>): boolean {
  return purpose === 'metadata';
}
