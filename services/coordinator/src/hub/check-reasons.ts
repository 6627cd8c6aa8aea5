import { canonicalJson } from '@onescan/contract/canonical-json.js';
import type { Reason as ReasonMessage } from '@onescan/contract/generated/onescan/v1/reason.js';
import {
  type HorizonSummary,
  type LedgerRow,
  LedgerStatus,
} from '@onescan/contract/generated/onescan/v1/result.js';
import { type ReasonFamily, reasonProblem } from '@onescan/contract/reasons/reason.js';
import type { ResultDocument } from '../model/result-document.js';

/** From this version on a document tells reasons as codes with facts. */
const VERSION_WITH_CODES = 2;

/** Which codes a ledger row may have, by its status and stage, and which as a remark. */
function familiesOf({ status, stage }: LedgerRow): Record<'why' | 'remark', readonly ReasonFamily[]> {
  if (status === LedgerStatus.LEDGER_STATUS_RETAINED) return { why: ['retain'], remark: ['suspicion'] };
  // A dataset of an earlier version tells its exclusions as sentences.
  if (status === LedgerStatus.LEDGER_STATUS_EXCLUDED)
    return { why: ['exclusion', 'unspecified'], remark: [] };
  return { why: [stage === 'prune' ? 'prune' : 'select'], remark: ['prune remark'] };
}

/** What is wrong with the reasons of a ledger row; undefined when nothing is. One without codes has its sentence. */
export function rowReasonProblem(row: LedgerRow): string | undefined {
  const families = familiesOf(row);
  const why = row.why && reasonProblem(row.why, families.why);
  return why ?? (row.remark && reasonProblem(row.remark, families.remark));
}

/** What is wrong with the reasons of a summary, and whether they are those of the document. */
export function summaryReasonProblem(
  { verdictReason, suspicions }: HorizonSummary,
  document: ResultDocument,
): string | undefined {
  const told = verdictReason && reasonProblem(verdictReason, ['verdict']);
  if (told) return `the verdict of the summary ${told}`;
  if (!isSame(verdictReason, document.verdictReason))
    return 'verdict_reason of the summary is not that of the document';
  for (const { featureId, why, retained } of suspicions) {
    const problem = why && reasonProblem(why, [retained ? 'suspicion' : 'select']);
    if (problem) return `the suspicion of ${JSON.stringify(featureId.slice(0, 80))} ${problem}`;
  }
  return undefined;
}

/** What is wrong with the reasons of a document. */
export function documentReasonProblem(document: ResultDocument): string | undefined {
  const { formatVersion, selection, suspicious, verdictReason } = document;
  if (formatVersion < VERSION_WITH_CODES) return undefined;
  const told = reasonProblem(verdictReason ?? NONE, ['verdict']);
  if (told) return `the verdict of the document ${told}`;
  const suspects = [
    ...selection.leakage.map((suspect) => ({ suspect, family: 'select' as const })),
    ...suspicious.map((suspect) => ({ suspect, family: 'suspicion' as const })),
  ];
  for (const { suspect, family } of suspects) {
    const { feature, reasonCode = '', facts } = suspect;
    const problem = reasonProblem({ code: reasonCode, facts }, [family]);
    if (problem) return `the suspicion of ${JSON.stringify(feature.slice(0, 80))} in the document ${problem}`;
  }
  return undefined;
}

const NONE: ReasonMessage = { code: '' };

function isSame(told: ReasonMessage | undefined, documented: ReasonMessage | undefined): boolean {
  const text = (reason: ReasonMessage | undefined): string =>
    reason === undefined ? '' : canonicalJson({ code: reason.code, facts: reason.facts ?? {} });
  return text(told) === text(documented);
}
