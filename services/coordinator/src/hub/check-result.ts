import { sha256Hex } from '@onescan/shared/canonical-json.js';
import type { HorizonResult } from '@onescan/shared/generated/onescan/v1/result.js';
import type { TaskRecord } from '../runs/run-record.js';
import { ledgerStatusName } from '../store/ledger-table.js';

/**
 * What is wrong with a result that a trainer sent; undefined when it can be stored. Whether its ledger
 * covers the universe is judged when the run ends.
 */
export function resultProblem(task: TaskRecord, result: HorizonResult | undefined): string | undefined {
  if (!result?.summary) return 'the result is empty';
  if (sha256Hex(result.document) !== result.documentSha256) return 'the document does not match its hash';
  if (result.summary.pair !== task.pair || result.summary.horizon !== task.horizon) {
    return `the summary is of ${result.summary.pair} h${result.summary.horizon}`;
  }
  return documentProblem(result.document) ?? ledgerProblem(task, result);
}

function documentProblem(document: Uint8Array): string | undefined {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(document));
    return undefined;
  } catch {
    return 'the document is not JSON';
  }
}

function ledgerProblem(task: TaskRecord, { ledger }: HorizonResult): string | undefined {
  const seen = new Set<string>();
  for (const row of ledger) {
    if (row.runId !== task.runId || row.pair !== task.pair || row.horizon !== task.horizon) {
      return `the ledger row of ${row.featureId} is of another task`;
    }
    if (ledgerStatusName(row.status) === undefined) return `the ledger row of ${row.featureId} has no status`;
    if (row.featureId === '' || seen.has(row.featureId)) {
      return `feature "${row.featureId}" stands twice in the ledger`;
    }
    seen.add(row.featureId);
  }
  return undefined;
}
