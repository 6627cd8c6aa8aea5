import type { QueryJob } from '../generated/onescan/v1/fetcher.js';
import { isMetadataQuery } from '../metadata-query.js';

/** Whose a statement is: what all pairs share and looking tables up are not the pair's own. */
export function formatStatementOf(job: QueryJob): string {
  const { pair, shared } = job;
  if (isMetadataQuery(job)) return `metadata, for ${pair}`;
  return shared ? `shared, for ${pair}` : pair;
}
