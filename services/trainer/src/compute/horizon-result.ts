import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import type { HorizonSummary, TaskFile } from '@onescan/contract/generated/onescan/v1/result.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import type { HorizonOutcome, ResultDocument } from '@onescan/learn';
import type { ComputedResult, ComputeRequest } from './compute-protocol.js';
import { ledgerRows } from './ledger.js';
import type { LoadedPair } from './loaded-pair.js';

/** What was handed over before the result. */
export interface TaskFiles {
  explanation: TaskFile | undefined;
  models: TaskFile | undefined;
}

/** Suspicions in a summary; the document and the ledger have all. */
const SUSPICIONS_NAMED = 20;

/**
 * What is sent for a learned horizon. The document holds nothing that depends on when, where or in what
 * order it was computed, so the same dataset and spec give the same bytes.
 *
 * @throws TypeError when the document holds a number that JSON cannot carry
 */
export function horizonResult(
  request: ComputeRequest,
  pair: LoadedPair,
  outcome: HorizonOutcome,
  files: TaskFiles,
): ComputedResult {
  const document = new TextEncoder().encode(canonicalJson(resultDocument(request, pair, outcome)));
  return {
    document,
    documentSha256: sha256Hex(document),
    ledger: ledgerRows({
      runId: request.runId,
      pair: request.pair,
      horizon: request.horizon,
      columns: pair.columns,
      fates: outcome.fates,
      products: outcome.products,
      rowsExplained: outcome.summary.rowsExplained,
    }),
    summary: horizonSummary(request, outcome),
    ...files,
  };
}

/** The engine's document with what only the trainer knows, and its reasons as sentences too (docs/results.md). */
function resultDocument(
  request: ComputeRequest,
  { meta, columns, included }: LoadedPair,
  outcome: HorizonOutcome,
): ResultDocument {
  const { document, summary } = outcome;
  const told = (retained: boolean) =>
    summary.suspicions
      .filter((each) => each.retained === retained)
      .map(({ feature, why }) => ({
        feature,
        reasonCode: why.code,
        facts: why.facts,
        reason: reasonText(why),
      }));
  return {
    ...document,
    verdictText: reasonText(summary.verdictReason),
    selection: { ...document.selection, leakage: told(false) },
    suspicious: told(true),
    pair: request.pair,
    dataset: {
      id: meta.datasetId,
      contentSha256: meta.contentSha256,
      rows: meta.rows,
      from: meta.from,
      to: meta.to,
      universe: columns.length,
      included: included.length,
      excluded: columns.length - included.length,
    },
    spec: {
      preset: request.preset,
      overrides: request.overrides,
      seed: request.seed.toString(),
    },
  };
}

function horizonSummary({ pair, horizon }: ComputeRequest, { summary }: HorizonOutcome): HorizonSummary {
  const { rowsExplained: _, suspicions, verdictReason, ...shown } = summary;
  return {
    pair,
    horizon,
    ...shown,
    verdictText: reasonText(verdictReason),
    verdictReason,
    suspectedLeaks: [],
    suspicions: suspicions
      .slice(0, SUSPICIONS_NAMED)
      .map(({ feature, why, retained }) => ({ featureId: feature, reason: reasonText(why), retained, why })),
  };
}
