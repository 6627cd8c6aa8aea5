import type {
  DatasetRef,
  FetchPairRequest,
  FetchProgress,
  QueryJob,
  RoundedColumns,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { AnswerCheck, MAX_BYTES, MAX_NAME, MAX_TEXT } from './answer-check.js';

/** Statements of a pair's datasets, those that were repeated included. */
const MAX_STATEMENTS = 10_000;
const MAX_TARGETS = 10_000;
const MAX_REFERENCES = 100_000;
/** Rounded columns that are named: more than any fetcher names. */
const MAX_ROUNDED_NAMED = 10;
const MAX_MISSED_NAMED = 20;

/** What a dataset is measured by. */
export interface AskedDataset {
  readonly request: FetchPairRequest;
  readonly planned: PairPlan;
  readonly plan: Pick<Plan, 'pricePerTibUsd' | 'shared'>;
}

/**
 * Checks a dataset that was delivered: it is the one that was asked for, and what it says of itself can be planned with.
 *
 * @throws OnescanError INTERNAL naming the pair and the field
 */
export function checkDataset(dataset: DatasetRef, { request, planned, plan }: AskedDataset): DatasetRef {
  const check = new AnswerCheck(planned.pair);
  const { pricePerTibUsd, shared } = plan;
  check.equal('dataset_id', dataset.datasetId, request.datasetId);
  check.equal('pair', dataset.pair, planned.pair);
  checkRef(check, dataset, { rows: [1, planned.rows], columns: planned.includedColumns, pricePerTibUsd });
  if (!dataset.shared) {
    if (request.sharedDatasetId !== '') check.fail('shared is missing');
    return dataset;
  }
  if (request.sharedDatasetId === '') check.fail('shared was not asked for');
  check.equal('shared.dataset_id', dataset.shared.datasetId, request.sharedDatasetId);
  if (dataset.shared.shared) check.fail('shared refers to another one');
  const rows = [shared?.rowsAtLeast ?? 1, shared?.rowsAtMost ?? 0] as const;
  checkRef(check, dataset.shared, { rows, columns: shared?.includedColumns ?? 0, pricePerTibUsd });
  return dataset;
}

function checkRef(
  check: AnswerCheck,
  ref: DatasetRef,
  most: { rows: readonly [number, number]; columns: number; pricePerTibUsd: number },
): void {
  check.hash('content_sha256', ref.contentSha256);
  check.text('path', ref.path, MAX_NAME);
  if (!ref.path.startsWith('/') || ref.path.includes('\0')) check.fail('path is not absolute');
  check.bytes('file_bytes', ref.fileBytes);
  check.within('rows', ref.rows, ...most.rows);
  check.within('columns', ref.columns, 0, most.columns);
  check.list('targets', ref.targets, MAX_TARGETS);
  for (const target of ref.targets) check.text('targets', target, MAX_NAME);
  check.within('statements_run', ref.statementsRun, 0, ref.cached ? 0 : MAX_STATEMENTS);
  check.within('bytes_billed', ref.bytesBilled, 0n, ref.cached ? 0n : MAX_BYTES);
  check.usd('usd', ref.usd, ref.bytesBilled, most.pricePerTibUsd);
  check.text('created_at', ref.createdAt, MAX_NAME);
  check.optionalHash('derived_from', ref.derivedFrom);
  check.list('referenced_by', ref.referencedBy, MAX_REFERENCES);
  for (const id of ref.referencedBy) check.hash('referenced_by', id);
  if (ref.rounded) checkRounded(check, ref.rounded, ref.columns);
  check.list('missed_tables', ref.missedTables, MAX_MISSED_NAMED);
  for (const { table, missed } of ref.missedTables) {
    check.text('missed_tables.table', table, MAX_NAME);
    check.share('missed_tables.missed', missed);
  }
}

function checkRounded(check: AnswerCheck, { count, widest }: RoundedColumns, columns: number): void {
  check.within('rounded.count', count, 1, columns);
  check.list('rounded.widest', widest, Math.min(count, MAX_ROUNDED_NAMED));
  for (const { featureId, gap } of widest) {
    check.text('rounded.feature_id', featureId, MAX_NAME);
    check.finite('rounded.gap', gap);
  }
}

/**
 * Progress of a fetch as it may be shown and stored.
 *
 * @throws OnescanError INTERNAL naming the pair and the field
 */
export function checkProgress(pair: string, progress: FetchProgress): FetchProgress {
  const check = new AnswerCheck(pair);
  const { stage, done, total, rssBytes } = progress;
  if (!/^[a-z]{1,32}$/.test(stage)) check.fail('progress.stage is no word');
  check.bytes('progress.total', total);
  check.bytes('progress.rss_bytes', rssBytes);
  check.bytes('progress.done', done);
  // Of a sample whose rows are not known before, more may come than the total says.
  return { ...progress, done: done > total ? total : done };
}

/**
 * The jobs of a run, of one pair where it is given; errors of statements are cut to a bound.
 *
 * @throws OnescanError INTERNAL naming the pair and the field
 */
export function checkJobs(
  jobs: readonly QueryJob[],
  { runId, pair }: { runId: string; pair?: string },
): QueryJob[] {
  const ours = pair === undefined ? jobs : jobs.filter((job) => job.pair === pair);
  const check = new AnswerCheck(pair ?? `the statements of run ${runId}`);
  check.list('jobs', ours, MAX_STATEMENTS);
  const ids = new Set<string>();
  let billed = 0n;
  let bounds = 0n;
  return ours.map((job) => {
    check.equal('jobs.run_id', job.runId, runId);
    for (const name of [
      'jobId',
      'pair',
      'datasetId',
      'sqlSha256',
      'state',
      'purpose',
      'startedAt',
      'endedAt',
    ] as const)
      check.text(`jobs.${name}`, job[name], MAX_NAME);
    if (ids.has(job.jobId)) check.fail(`jobs has ${job.jobId} twice`);
    ids.add(job.jobId);
    billed += job.bytesBilled;
    bounds += job.maximumBytesBilled;
    check.bytes('jobs.bytes_billed', billed);
    check.bytes('jobs.maximum_bytes_billed', bounds);
    check.billedUsd('jobs.usd', job.usd, job.bytesBilled);
    return { ...job, error: job.error.slice(0, MAX_TEXT) };
  });
}
