import type { LedgerRow } from '@onescan/contract/generated/onescan/v1/result.js';
import { readStoredReason, storedFacts } from '@onescan/contract/reasons/reason.js';

/** Columns of the ledger that hold reasons. Of rows from before there were codes, the last four are NULL. */
export interface LedgerReasonColumns {
  readonly reason: unknown;
  readonly reasonCode: unknown;
  readonly facts: unknown;
  readonly remarkCode: unknown;
  readonly remarkFacts: unknown;
}

type LedgerReasons = Pick<LedgerRow, 'reason' | 'why' | 'remark'>;

/** A row's reasons as columns: the sentence is kept only where there is nothing else. */
export function ledgerReasonColumns({ reason, why, remark }: LedgerReasons): {
  readonly [K in keyof LedgerReasonColumns]: string | null;
} {
  return {
    reason: why ? '' : reason,
    reasonCode: why?.code ?? null,
    facts: why ? storedFacts(why) : null,
    remarkCode: remark?.code ?? null,
    remarkFacts: remark ? storedFacts(remark) : null,
  };
}

export function readLedgerReasons(columns: LedgerReasonColumns): LedgerReasons {
  const text = String(columns.reason ?? '');
  const stored = (code: unknown, facts: unknown) =>
    code == null
      ? undefined
      : readStoredReason({ code: String(code), facts: String(facts ?? ''), text: text || String(code) });
  const why = stored(columns.reasonCode, columns.facts);
  const remark = stored(columns.remarkCode, columns.remarkFacts);
  return { reason: text, ...(why ? { why } : {}), ...(remark ? { remark } : {}) };
}
