import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import { runLedger, runResults } from '../runs.js';
import type { Stack } from '../stack.js';

/** Everything that a run has found, as text that is equal only when all bytes are. */
export interface RunFingerprint {
  /** SHA-256 of each document by "pair h15". */
  documents: Record<string, string>;
  ledgerRows: number;
  /** SHA-256 of all ledger rows but for the run's id. */
  ledger: string;
}

export async function fingerprint(stack: Stack, runId: string): Promise<RunFingerprint> {
  const documents: Record<string, string> = {};
  for (const { pair, horizon, document } of await runResults(stack, runId)) {
    documents[`${pair} h${horizon}`] = sha256Hex(document);
  }
  const rows = await runLedger(stack, runId);
  const texts = rows.map((row) => canonicalJson({ ...row, runId: '' })).sort();
  return { documents, ledgerRows: rows.length, ledger: sha256Hex(texts.join('\n')) };
}
