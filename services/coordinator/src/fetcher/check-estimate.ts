import { sha256Hex } from '@onescan/contract/canonical-json.js';
import type {
  EstimatePairResponse,
  EstimateSharedResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type {
  PairPlan,
  PlanNote,
  SharedPlan,
  StrategyEstimate,
} from '@onescan/contract/generated/onescan/v1/plan.js';
import { reasonProblem } from '@onescan/contract/reasons/reason.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { parseCatalogue } from '../model/catalogue-change.js';
import { AnswerCheck, MAX_BYTES, MAX_NAME, MAX_TEXT } from './answer-check.js';

/** Beyond what the fetcher's flags let one statement bring. */
const MAX_COLUMNS = 1_000_000;
const MAX_TABLES = 100_000;
const MAX_STATEMENTS = 10_000;
const MAX_NOTES = 10_000;
const MAX_ROWS = 2 ** 32 - 1;
const MAX_METADATA_QUERIES = 1_000_000;
/** Totals over pairs and horizons are 64-bit numbers. */
const MAX_TOTAL_BYTES = 2n ** 63n - 1n;

/** What was asked for. */
export interface AskedEstimate {
  readonly spec: ResolvedRunSpec;
  readonly pair: string;
  /** Without a catalogue and without cost: a part of a dataset that is there. */
  readonly isPart?: boolean;
}

/** An estimate that has its plan. */
export type PairEstimate = EstimatePairResponse & { plan: PairPlan };

/**
 * An estimate of a pair, of which every field can be planned with, shown and stored.
 *
 * @throws OnescanError INTERNAL naming the pair and the field
 */
export function checkPairEstimate(answer: EstimatePairResponse, asked: AskedEstimate): PairEstimate {
  const check = new AnswerCheck(asked.pair);
  const { plan } = answer;
  if (!plan) return check.fail('it has no plan');
  const { spec } = asked;
  checkTerms(check, answer);
  check.text('warehouse_name', answer.warehouseName, MAX_NAME);
  check.equal('pair', plan.pair, asked.pair);
  checkCost(check, { ...plan, spec, pricePerTibUsd: answer.pricePerTibUsd });
  checkColumns(check, plan);
  check.within('targets', plan.targets, 0, MAX_COLUMNS);
  check.within('rows', plan.rows, 1, spec.sample.rows);
  requireTotals(check, 'per_pair_bytes', { bytes: plan.perPairBytes, spec });
  check.within('per_pair_statements', plan.perPairStatements, 0, MAX_STATEMENTS);
  if (!asked.isPart) checkCatalogue(check, answer.catalogue, plan.catalogueSha256);
  const { sampleRows } = answer;
  if (sampleRows) {
    if (sampleRows.barSteps.length > 0)
      check.within('sample_rows.bar_steps', sampleRows.barSteps.length, plan.rows, plan.rows);
    check.list('sample_rows.usable', sampleRows.usable, spec.horizons.length);
    for (const { runs } of sampleRows.usable) check.list('sample_rows.usable.runs', runs, plan.rows + 2);
  }
  return { ...answer, plan };
}

/**
 * The same for what pairs share.
 *
 * @throws OnescanError INTERNAL naming the field
 */
export function checkSharedEstimate(
  answer: EstimateSharedResponse,
  spec: ResolvedRunSpec,
): EstimateSharedResponse {
  const check = new AnswerCheck('what the pairs share');
  checkTerms(check, answer);
  const { plan } = answer;
  if (!plan) return answer;
  checkCost(check, { ...plan, spec, pricePerTibUsd: answer.pricePerTibUsd });
  check.within('tables', plan.tables, 0, MAX_TABLES);
  check.within('columns', plan.columns, 0, MAX_COLUMNS);
  check.within('included_columns', plan.includedColumns, 0, plan.columns);
  check.within('rows_at_least', plan.rowsAtLeast, 1, spec.sample.rows);
  check.within('rows_at_most', plan.rowsAtMost, plan.rowsAtLeast, MAX_ROWS);
  return answer;
}

function checkTerms(
  check: AnswerCheck,
  answer: Pick<EstimateSharedResponse, 'pricePerTibUsd' | 'warehouse' | 'metadataQueries' | 'metadataBytes'>,
): void {
  check.price(answer.pricePerTibUsd);
  check.text('warehouse', answer.warehouse, MAX_NAME);
  check.within('metadata_queries', answer.metadataQueries, 0, MAX_METADATA_QUERIES);
  check.bytes('metadata_bytes', answer.metadataBytes);
}

type Costed = Pick<
  PairPlan | SharedPlan,
  'datasetId' | 'statements' | 'bytes' | 'usd' | 'servedFrom' | 'notes' | 'strategies'
> & { readonly spec: ResolvedRunSpec; readonly pricePerTibUsd: number };

function checkCost(check: AnswerCheck, costed: Costed): void {
  const { statements, pricePerTibUsd } = costed;
  check.hash('dataset_id', costed.datasetId);
  check.optionalHash('served_from', costed.servedFrom);
  check.list('statements', statements, MAX_STATEMENTS);
  for (const statement of statements) {
    check.hash('statements.sql_sha256', statement.sqlSha256);
    check.bytes('statements.sql_bytes', statement.sqlBytes);
    check.bytes('statements.bytes', statement.bytes);
    check.within('statements.maximum_bytes_billed', statement.maximumBytesBilled, statement.bytes, MAX_BYTES);
    check.within('statements.columns', statement.columns, 0, MAX_COLUMNS);
    check.within('statements.tables', statement.tables, 0, MAX_TABLES);
  }
  requireTotals(check, 'bytes', costed);
  const sum = statements.reduce((bytes, statement) => bytes + statement.bytes, 0n);
  if (sum !== costed.bytes) check.fail(`bytes is ${costed.bytes}, its statements read ${sum}`);
  check.usd('usd', costed.usd, costed.bytes, pricePerTibUsd);
  checkNotes(check, costed.notes);
  checkStrategies(check, costed.strategies, costed);
}

/** The naive cost is that of every pair and horizon. */
function requireTotals(
  check: AnswerCheck,
  name: string,
  { bytes, spec }: Pick<Costed, 'bytes' | 'spec'>,
): void {
  check.bytes(name, bytes);
  if (bytes * BigInt(spec.pairs.length * spec.horizons.length) <= MAX_TOTAL_BYTES) return;
  check.fail(
    `${name} is ${bytes} for each of ${spec.pairs.length} pairs and ${spec.horizons.length} horizons`,
  );
}

function checkColumns(check: AnswerCheck, plan: PairPlan): void {
  check.within('tables', plan.tables, 0, MAX_TABLES);
  check.within('columns', plan.columns, 0, MAX_COLUMNS);
  check.within('included_columns', plan.includedColumns, 0, plan.columns);
  const excluded = plan.columns - plan.includedColumns;
  check.within('exclusions', plan.exclusions.length, excluded, excluded);
  const seen = new Set<string>();
  for (const { featureId, stage, reason, why } of plan.exclusions) {
    check.text('exclusions.feature_id', featureId, MAX_NAME);
    check.text('exclusions.stage', stage, MAX_NAME);
    check.text('exclusions.reason', reason, MAX_TEXT);
    const problem = why && reasonProblem(why, ['exclusion', 'unspecified']);
    if (problem) check.fail(`exclusions: ${featureId.slice(0, 80)} ${problem}`);
    seen.add(featureId);
  }
  if (seen.size < excluded) check.fail('exclusions name a column twice');
}

function checkNotes(check: AnswerCheck, notes: readonly PlanNote[]): void {
  check.list('notes', notes, MAX_NOTES);
  for (const { kind, text, severity, why } of notes) {
    check.text('notes.kind', kind, MAX_NAME);
    check.text('notes.text', text, MAX_TEXT);
    check.finite('notes.severity', severity);
    const problem = why && reasonProblem(why, ['plan note']);
    if (problem) check.fail(`notes: one ${problem}`);
  }
}

function checkStrategies(
  check: AnswerCheck,
  strategies: readonly StrategyEstimate[],
  { pricePerTibUsd }: Costed,
): void {
  check.list('strategies', strategies, MAX_TABLES);
  for (const { bytes, usd, problem, strategy } of strategies) {
    check.within('strategies.strategy', strategy, 0, MAX_TABLES);
    check.bytes('strategies.bytes', bytes);
    check.usd('strategies.usd', usd, bytes, pricePerTibUsd);
    check.text('strategies.problem', problem, MAX_TEXT);
  }
}

function checkCatalogue(check: AnswerCheck, catalogue: Uint8Array, sha256: string): void {
  if (sha256Hex(catalogue) !== sha256) check.fail('catalogue does not have the hash catalogue_sha256');
  try {
    parseCatalogue(catalogue);
  } catch {
    check.fail('catalogue is no snapshot of tables and columns');
  }
}
