import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeepPartial, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { DatasetCache } from '@onescan/fetcher/testing/cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '@onescan/fetcher/testing/catalogue/warehouse-names.js';
import type { Fetched, FetchStage } from '@onescan/fetcher/testing/fetch/fetch-dataset.js';
import { fetchSplitting } from '@onescan/fetcher/testing/fetch/fetch-splitting.js';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import type { KnownSplits } from '@onescan/fetcher/testing/planning/known-splits.js';
import { type PlannedPair, planPair } from '@onescan/fetcher/testing/planning/plan-pair.js';
import { planShared } from '@onescan/fetcher/testing/planning/plan-shared.js';
import type { EstimatedStatement } from '@onescan/fetcher/testing/planning/statement-trials.js';
import { buildSmallWarehouse } from '@onescan/fetcher/testing/small-warehouse.js';
import type { SqlStrategy } from '@onescan/fetcher/testing/sql/sql-dialect.js';
import type { StatementLimits } from '@onescan/fetcher/testing/sql/statement-limits.js';
import { FUTURE_COLUMN_PATTERNS } from '@onescan/fetcher/testing/universe/future-columns.js';
import { BigQueryWarehouse } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-warehouse.js';
import type { RequestDeadlines } from '@onescan/fetcher/testing/warehouse/bigquery/request-deadline.js';
import type { ResultTransport } from '@onescan/fetcher/testing/warehouse/bigquery/result-transport.js';
import { EmbeddedWarehouse } from '@onescan/fetcher/testing/warehouse/embedded/embedded-warehouse.js';
import type { MetadataQuery } from '@onescan/fetcher/testing/warehouse/metadata-query.js';
import type { Warehouse } from '@onescan/fetcher/testing/warehouse/warehouse.js';
import type { QueryLimits } from '../fake-bigquery/analyze-statement.js';
import { AnswerConformance } from '../fake-bigquery/answer-conformance.js';
import type { QueryJob } from '../fake-bigquery/query-job.js';
import { type FakeBigQuery, startFakeBigQuery } from '../fake-bigquery/start-fake-bigquery.js';

export const PROJECT = 'bqx-ml';

/** Small, so that even the fixture has several pages. */
const PAGE_BYTES = 100_000;

const futurePatterns = FUTURE_COLUMN_PATTERNS.map((pattern) => new RegExp(pattern, 'i'));

export interface Choices {
  spec?: DeepPartial<RunSpec>;
  strategy?: SqlStrategy;
  /** Of a statement, lower than BigQuery's. */
  limits?: Partial<StatementLimits>;
  /** Default: nothing is known of what BigQuery refuses. */
  known?: KnownSplits;
  /** Default: what the dry run says. */
  maximumBytesBilled?: bigint[];
  /** What the run's approval leaves. */
  remainingBytes?: bigint;
  /** Folder of the cache and its job log; default one of its own. */
  cache?: string;
  signal?: AbortSignal;
  onProgress?: (stage: FetchStage) => void;
}

export interface StackChanges {
  /** Of the fake, other than BigQuery's. */
  limits?: Partial<QueryLimits>;
  requirePartitionFilter?: boolean;
  /** Default: ONESCAN_FAKE_SEED, and where that is not set answers do not vary. */
  variationSeed?: number | undefined;
  change?: readonly string[];
}

export interface WarehouseChanges {
  jobTimeoutMs?: number;
  timeoutGraceMs?: number;
  /** Default: REST. */
  results?: ResultTransport;
  firstDelayMs?: number;
  deadlines?: RequestDeadlines;
  silenceMs?: number;
  onMetadata?: (query: MetadataQuery) => void;
}

function seedOfTests(): number | undefined {
  const { ONESCAN_FAKE_SEED } = process.env;
  return ONESCAN_FAKE_SEED ? Number(ONESCAN_FAKE_SEED) : undefined;
}

/** The fetcher's BigQuery warehouse on a fake that has the tables of the fetcher's fixture. */
export class BigQueryStack {
  #caches = 0;

  private constructor(
    readonly folder: string,
    readonly fake: FakeBigQuery,
    readonly bigQuery: BigQueryWarehouse,
    /** The same tables without BigQuery. */
    readonly embedded: EmbeddedWarehouse,
    /** Of the fake's answers; absent where there are no recordings, or answers vary. */
    readonly conformance: AnswerConformance | undefined,
  ) {}

  /** @param change SQL on the tables before they are served */
  static async start(changes: StackChanges = {}): Promise<BigQueryStack> {
    const { change = [], variationSeed: _, ...fakeChanges } = changes;
    const variationSeed = 'variationSeed' in changes ? changes.variationSeed : seedOfTests();
    const folder = mkdtempSync(join(tmpdir(), 'onescan-bigquery-'));
    await buildSmallWarehouse(folder, change);
    const databasePath = join(folder, 'warehouse.duckdb');
    const conformance = variationSeed === undefined ? AnswerConformance.open() : undefined;
    const fake = await startFakeBigQuery({
      variationSeed,
      onAnswer: (answer) => conformance?.check(answer),
      databasePath,
      project: PROJECT,
      maxPageBytes: PAGE_BYTES,
      ...fakeChanges,
    });
    process.env.BIGQUERY_EMULATOR_HOST = fake.url;
    process.env.BIGQUERY_STORAGE_EMULATOR_HOST = fake.storageAddress;
    const tempFolder = join(folder, 'tmp');
    const embedded = new EmbeddedWarehouse({ folder, names, tempFolder, memoryLimit: '512MB' });
    return new BigQueryStack(folder, fake, BigQueryStack.warehouse(), embedded, conformance);
  }

  /** Another client of the fake, as after a restart. */
  static warehouse(changes: WarehouseChanges = {}): BigQueryWarehouse {
    const { firstDelayMs = 1, ...others } = changes;
    return new BigQueryWarehouse({
      project: PROJECT,
      location: 'us-central1',
      names,
      retry: { attempts: 4, firstDelayMs, maxDelayMs: Math.max(4, firstDelayMs) },
      jobTimeoutMs: 60_000,
      results: 'rest',
      ...others,
    });
  }

  async stop(): Promise<void> {
    await this.embedded.close();
    await this.fake.close();
    rmSync(this.folder, { recursive: true });
    const problems = [...(this.conformance?.problems ?? [])];
    if (problems.length > 0)
      throw new Error(`answers of the fake are not BigQuery's:\n${problems.join('\n')}`);
  }

  plan(
    warehouse: Warehouse,
    { spec, strategy = 'pack', limits = {}, known }: Choices = {},
  ): Promise<PlannedPair> {
    const resolved = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], ...spec }));
    const rules = { names, futurePatterns, limits, sqlStrategy: strategy, ...(known ? { known } : {}) };
    return planPair(warehouse, 'eurusd', resolved, rules);
  }

  /** A plan of one statement, with that statement's fields beside those of the plan. */
  async planOne(warehouse: Warehouse, choices: Choices = {}): Promise<PlannedPair & EstimatedStatement> {
    const planned = await this.plan(warehouse, choices);
    const [statement, ...others] = planned.statements;
    if (!statement || others.length > 0) throw new Error(`${planned.statements.length} statements, not 1`);
    return { ...planned, ...statement };
  }

  /**
   * Plans and fetches what the pairs of a spec share, then eurusd, into one cache.
   *
   * @returns the statements of both plans with the dataset of eurusd
   */
  async fetchOnce(
    warehouse: Warehouse,
    spec: DeepPartial<RunSpec>,
  ): Promise<{ sql: string[]; fetched: Fetched }> {
    const resolved = resolveRunSpec(RunSpec.fromPartial(spec));
    const rules = { names, futurePatterns, sqlStrategy: 'pack' as const };
    const cache = this.newCache();
    const shared = await planShared(warehouse, resolved, rules);
    if (!shared) throw new Error('nothing is shared');
    const pair = await planPair(warehouse, 'eurusd', resolved, rules, shared.datasetId);
    await this.#run(warehouse, shared, { cache });
    const fetched = await this.#run(warehouse, pair, { cache });
    return { sql: [...shared.statements, ...pair.statements].map(({ statement }) => statement.sql), fetched };
  }

  newCache(): string {
    return join(this.folder, `cache${++this.#caches}`);
  }

  async fetch(warehouse: Warehouse, choices: Choices = {}): Promise<Fetched> {
    return this.#run(warehouse, await this.plan(warehouse, choices), choices);
  }

  fetchPlanned(warehouse: Warehouse, planned: PlannedPair, choices: Choices): Promise<Fetched> {
    return this.#run(warehouse, planned, choices);
  }

  async #run(warehouse: Warehouse, planned: PlannedPair, choices: Choices): Promise<Fetched> {
    const bytes = planned.statements.map(({ estimate }) => estimate.bytes);
    const cacheFolder = choices.cache ?? this.newCache();
    const cache = new DatasetCache(cacheFolder);
    const jobs = new JobLog(join(cacheFolder, 'jobs.jsonl'));
    return fetchSplitting(
      { warehouse, cache, jobs, pricePerTibUsd: 6.25, rules: choices.known ? { known: choices.known } : {} },
      {
        planned,
        runId: 'Run 1',
        planHash: 'ab12'.repeat(16),
        maximumBytesBilled: choices.maximumBytesBilled ?? bytes,
        ...(choices.remainingBytes === undefined ? {} : { remainingBytes: choices.remainingBytes }),
        signal: choices.signal ?? new AbortController().signal,
        onProgress: (stage) => choices.onProgress?.(stage),
      },
    );
  }

  /** Jobs that read tables, unlike those that read metadata. */
  fetchJobs(): QueryJob[] {
    return this.fake.jobs().filter((job) => job.configuration.labels?.purpose !== 'metadata');
  }
}
