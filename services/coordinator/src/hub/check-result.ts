import { sha256Hex } from '@onescan/contract/canonical-json.js';
import {
  type HorizonResult,
  type HorizonSummary,
  type LedgerRow,
  LedgerStatus,
} from '@onescan/contract/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { CodeOf } from '@onescan/contract/reasons/reason.js';
import { type ResultDocument, readResultDocument } from '../model/result-document.js';
import type { RunSnapshot, TaskRecord } from '../model/run-record.js';
import { ledgerStatusName, PRODUCT_CODE } from '../store/ledger-table.js';
import { documentReasonProblem, rowReasonProblem, summaryReasonProblem } from './check-reasons.js';

/** A document of the widest pair with every option has less than 2 MB. */
const MAX_DOCUMENT_BYTES = 16 * 1024 ** 2;
/** Names of tables and columns have at most 300 + 1,024 characters in BigQuery. */
const MAX_FEATURE_ID = 2_048;
const MAX_TEXT = 4_096;
/** As the summary's definition says. */
const MAX_SUSPICIONS = 20;
const STAGES: ReadonlySet<string> = new Set(['plan', 'prune', 'select', 'model']);

/** What a result is measured by. */
export interface ExpectedResult {
  readonly task: Pick<TaskRecord, 'runId' | 'pair' | 'horizon'>;
  /** Columns of the pair's universe: rows of its ledger. */
  readonly columns: number;
  readonly datasetContentSha256: string;
}

/** What the plan and the dataset of a task's pair make of its result. */
export function expectedResult({ run, pairs }: RunSnapshot, task: TaskRecord): ExpectedResult {
  return {
    task,
    columns: run.plan?.pairs.find(({ pair }) => pair === task.pair)?.columns ?? 0,
    datasetContentSha256: pairs.get(task.pair)?.dataset?.contentSha256 ?? '',
  };
}

/**
 * What is wrong with a result that a trainer sent; undefined when all of it can be stored, shown and reported: the
 * document whole, the summary that of the document, one ledger row for every column of the universe and every product of two.
 */
export function resultProblem(
  expected: ExpectedResult,
  result: HorizonResult | undefined,
): string | undefined {
  if (!result?.summary) return 'the result is empty';
  const { document, documentSha256, ledger, summary } = result;
  if (document.length > MAX_DOCUMENT_BYTES) return `the document has ${document.length} bytes`;
  if (sha256Hex(document) !== documentSha256) return 'the document does not match its hash';
  const read = readDocument(expected, document);
  if (typeof read === 'string') return read;
  const { products } = read.features;
  const multiplied = ledger.filter(({ why }) => why?.code === PRODUCT_CODE).length;
  if (multiplied !== products) return `the ledger has ${multiplied} products, the document ${products}`;
  if (ledger.length !== expected.columns + products) {
    const beside = products > 0 ? ` and the document ${products} products` : '';
    return `the ledger has ${ledger.length} rows, the universe ${expected.columns} columns${beside}`;
  }
  return summaryProblem(expected, summary, read) ?? ledgerProblem(expected, ledger, read);
}

function readDocument(
  { task, datasetContentSha256 }: ExpectedResult,
  bytes: Uint8Array,
): ResultDocument | string {
  let document: ResultDocument;
  try {
    document = readResultDocument(task, bytes);
  } catch (thrown) {
    return OnescanError.from(thrown).message;
  }
  const { pair, horizon, dataset } = document;
  if (pair !== task.pair || horizon !== task.horizon) return `the document is of ${pair} h${horizon}`;
  if (dataset.contentSha256 !== datasetContentSha256) return 'the document is of another dataset';
  return document;
}

function summaryProblem(
  { task }: ExpectedResult,
  summary: HorizonSummary,
  document: ResultDocument,
): string | undefined {
  if (summary.pair !== task.pair || summary.horizon !== task.horizon) {
    return `the summary is of ${summary.pair} h${summary.horizon}`;
  }
  const { direction } = document.final;
  const { logLossGain, pValue, detectable } = document.skill;
  const same: readonly (readonly [string, string | number, string | number | null])[] = [
    ['verdict', summary.verdict, document.verdict],
    ['verdict_text', summary.verdictText, document.verdictText],
    ['auc', summary.auc, direction.auc.value],
    ['accuracy', summary.accuracy, direction.accuracy.value],
    ['skill', summary.skill, logLossGain.value],
    ['skill_low', summary.skillLow, logLossGain.low],
    ['skill_high', summary.skillHigh, logLossGain.high],
    ['p_value', summary.pValue ?? Number.NaN, pValue?.both ?? null],
    ['detectable_gain', summary.detectableGain ?? Number.NaN, detectable?.gain ?? null],
    ['detectable_auc', summary.detectableAuc ?? Number.NaN, detectable?.auc ?? null],
    ['features_tested', summary.featuresTested, document.features.tested],
    ['features_retained', summary.featuresRetained, document.features.retained],
  ];
  for (const [field, told, documented] of same) {
    if (!isSame(told, documented)) return `${field} of the summary is not that of the document`;
  }
  if (summary.bestBaseline.length > MAX_TEXT) return 'best_baseline of the summary is too long';
  if (summary.suspicions.length > MAX_SUSPICIONS)
    return `the summary has ${summary.suspicions.length} suspicions`;
  const isLong = summary.suspicions.some(
    ({ featureId, reason }) => featureId.length > MAX_FEATURE_ID || reason.length > MAX_TEXT,
  );
  if (isLong) return 'a suspicion of the summary is too long';
  return (
    documentReasonProblem(document) ?? verdictProblem(document) ?? summaryReasonProblem(summary, document)
  );
}

/** JSON has null where a number is not defined, and no negative zero. */
function isSame(told: string | number, documented: string | number | null): boolean {
  return documented === null ? !Number.isFinite(told) : told === documented;
}

function ledgerProblem(
  { task }: ExpectedResult,
  ledger: readonly LedgerRow[],
  { features }: ResultDocument,
): string | undefined {
  const seen = new Set<string>();
  const ranks = new Set<number>();
  let retained = 0;
  for (const row of ledger) {
    const problem = rowProblem(task, row);
    if (problem) return `the ledger row of ${JSON.stringify(row.featureId.slice(0, 80))} ${problem}`;
    if (seen.has(row.featureId)) return `feature "${row.featureId}" stands twice in the ledger`;
    seen.add(row.featureId);
    if (row.status !== LedgerStatus.LEDGER_STATUS_RETAINED) continue;
    retained++;
    if (row.rank !== undefined) ranks.add(row.rank);
  }
  if (retained !== features.retained + features.products)
    return `the ledger retains ${retained} features and products, the document ${features.retained} and ${features.products}`;
  const isRanking = ranks.size === retained && [...ranks].every((rank) => rank >= 1 && rank <= retained);
  return isRanking ? undefined : `the ranks of the ${retained} retained features are not 1 to ${retained}`;
}

function rowProblem(task: ExpectedResult['task'], row: LedgerRow): string | undefined {
  if (row.runId !== task.runId || row.pair !== task.pair || row.horizon !== task.horizon)
    return 'is of another task';
  if (ledgerStatusName(row.status) === undefined) return 'has no status';
  if (row.featureId === '' || row.featureId.length > MAX_FEATURE_ID) return 'has no fitting name';
  if (row.group.length > MAX_TEXT || row.reason.length > MAX_TEXT) return 'has a text that is too long';
  if (!STAGES.has(row.stage)) return `has no stage ${JSON.stringify(row.stage.slice(0, 40))}`;
  if (row.rank !== undefined && row.status !== LedgerStatus.LEDGER_STATUS_RETAINED)
    return 'has a rank but was not retained';
  const reasons = rowReasonProblem(row);
  if (reasons) return reasons;
  const { selectionFrequency = 0, importance = 0, shapMeanAbs = 0 } = row;
  if (!(selectionFrequency >= 0 && selectionFrequency <= 1)) return 'has a selection frequency beyond 0 to 1';
  return importance >= 0 && shapMeanAbs >= 0 && Number.isFinite(importance + shapMeanAbs)
    ? undefined
    : 'has a figure that is negative or not finite';
}

/** From this version on a document says what an honest panel of features reaches. */
const VERSION_WITH_SUSPECTS = 3;

/** The verdict that each reason gives. */
const VERDICT_FOR: Readonly<Record<CodeOf<'verdict'>, ResultDocument['verdict']>> = {
  skill: 'SKILL',
  suspect_features: 'SKILL_SUSPECT',
  suspect_edge: 'SKILL_SUSPECT',
  no_skill: 'NO_SKILL_BEYOND_OVERLAP',
  no_feature: 'NO_SKILL_BEYOND_OVERLAP',
  worse: 'NO_SKILL_BEYOND_OVERLAP',
  size_only: 'NO_SKILL_BEYOND_OVERLAP',
  weak_edge: 'NO_SKILL_BEYOND_OVERLAP',
  overlap_unknown: 'INCONCLUSIVE',
  few_rows: 'INCONCLUSIVE',
  few_blocks: 'INCONCLUSIVE',
};

/**
 * What is wrong with the verdict of a document: another than its reason gives, or one that does not fit what is
 * suspicious in it; undefined when nothing is. Skill is never taken from a trainer that keeps a suspicion to itself.
 */
function verdictProblem(document: ResultDocument): string | undefined {
  const { formatVersion, verdict, verdictReason, suspicious, skill } = document;
  if (formatVersion < VERSION_WITH_SUSPECTS) return undefined;
  const code = verdictReason?.code ?? '';
  if (VERDICT_FOR[code as CodeOf<'verdict'>] !== verdict)
    return `the verdict ${verdict} has the reason ${code}`;
  const { honestEdge, unknownEdge } = skill;
  if (honestEdge === undefined) return 'the document has no skill.honestEdge';
  const isBeyond = unknownEdge.value !== null && unknownEdge.value > honestEdge;
  if (verdict === 'SKILL' && suspicious.length > 0)
    return `the verdict SKILL rests on ${suspicious.length} suspicious features`;
  if (verdict === 'SKILL' && isBeyond) return 'the verdict SKILL rests on more than an honest panel reaches';
  if (code === 'suspect_features' && suspicious.length !== verdictReason?.facts.suspects)
    return `the verdict ${verdict} counts other suspicious features than the document has`;
  if (code === 'suspect_edge' && !isBeyond)
    return `the verdict ${verdict} has an edge that an honest panel reaches`;
  return undefined;
}
