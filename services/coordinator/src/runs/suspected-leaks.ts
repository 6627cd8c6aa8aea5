import type { LedgerRow } from '@onescan/contract/generated/onescan/v1/result.js';
import type { ReasonCode } from '@onescan/contract/reasons/reason.js';

/** Why the learning engine refuses features that predict the target too well to be honest. */
const LEAK: ReasonCode = 'leak';

/** Features named for a task; the ledger has all. */
const NAMED = 20;

/** The first features that were pruned as suspected leaks. */
export function suspectedLeaks(ledger: readonly LedgerRow[]): string[] {
  return ledger
    .filter(({ why }) => why?.code === LEAK)
    .slice(0, NAMED)
    .map(({ featureId }) => featureId);
}
