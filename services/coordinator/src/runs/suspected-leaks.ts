import type { LedgerRow } from '@onescan/shared/generated/onescan/v1/result.js';

/** Features named for a task; the ledger has all. */
const NAMED = 20;

/** How the learning engine's reasons begin for features that predict the target too well to be honest. */
const REASON = 'suspected leakage';

/** The first features that were pruned as suspected leaks. */
export function suspectedLeaks(ledger: readonly LedgerRow[]): string[] {
  return ledger
    .filter(({ reason }) => reason.startsWith(REASON))
    .slice(0, NAMED)
    .map(({ featureId }) => featureId);
}
