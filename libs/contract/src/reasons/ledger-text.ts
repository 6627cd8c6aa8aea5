import type { LedgerRow } from '../generated/onescan/v1/result.js';
import { readReason, reasonText } from './reason.js';

/** Why a feature is where it is, with what is to be said besides, as a sentence; of old rows the one that they have. */
export function ledgerText({ reason, why, remark }: Pick<LedgerRow, 'reason' | 'why' | 'remark'>): string {
  const told = reasonText(readReason(why, reason));
  return remark === undefined ? told : `${told}; ${reasonText(readReason(remark, remark.code))}`;
}
