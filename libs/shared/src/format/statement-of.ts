import type { QueryJob } from '../generated/onescan/v1/fetcher.js';

/** Whose a statement is: what all pairs share and looking tables up are not the pair's own. */
export function formatStatementOf({ pair, purpose, shared }: QueryJob): string {
  if (purpose === 'metadata') return `metadata, for ${pair}`;
  return shared ? `shared, for ${pair}` : pair;
}
