import { randomUUID } from 'node:crypto';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { MetadataQuery } from '../metadata-query.js';
import type { ViewScope } from '../warehouse.js';
import type { JobState, TableReference } from './api-answers.js';
import type { BigQueryApi } from './bigquery-api.js';
import { jobLabels } from './job-labels.js';
import { billedBytes, readPages, resultTable, TIMEOUT_GRACE_MS, type Waiting } from './read-result.js';
import { nullableText } from './rest-batch.js';
import type { StorageReader } from './storage/storage-reader.js';

/** A metadata query bills 10 MiB a dataset; this only stops what nobody expects. */
const METADATA_MAX_BYTES = 100n * 1024n ** 2n;
const METADATA_TIMEOUT_MS = 300_000;

/** Every value as a text. */
type Row = (string | null)[];

export interface MetadataQueriesFacts {
  readonly api: BigQueryApi;
  /** Absent when results are read by REST. */
  readonly storage: StorageReader | undefined;
  /** Waits for a job. */
  done(jobId: string, waiting: Waiting, accepted: JobState): Promise<JobState>;
  /** Told of every query, once when it starts and once when it has ended. */
  readonly onQuery: ((query: MetadataQuery) => void) | undefined;
}

/** Queries on metadata. Their results are small and always read by REST. */
export class MetadataQueries {
  /** Settled when the Storage Read API has been tried. */
  #readable: Promise<void> | undefined;

  constructor(private readonly facts: MetadataQueriesFacts) {}

  /**
   * Runs a query. The first one tries the Storage Read API too, on its result, which is free: that the account may
   * not use it is to be known before anything is paid for that it is to read.
   *
   * @param fetch the approved fetch that asks; absent while planning
   */
  async rows(sql: string, fetch: ViewScope['fetch']): Promise<Row[]> {
    const { rows, table } = await this.#run(sql, fetch);
    this.#readable ??= this.facts.storage?.requireReadable(table).catch((thrown: unknown) => {
      this.#readable = undefined;
      throw thrown;
    });
    await this.#readable;
    return rows;
  }

  async #run(sql: string, fetch: ViewScope['fetch']): Promise<{ rows: Row[]; table: TableReference }> {
    const { api, done, onQuery } = this.facts;
    const jobId = `onescan-metadata-${randomUUID()}`;
    const timeoutMs = METADATA_TIMEOUT_MS;
    const labels = { purpose: 'metadata', ...(fetch ? jobLabels(fetch) : {}) };
    const noted: MetadataQuery = {
      jobId,
      sql,
      maximumBytesBilled: METADATA_MAX_BYTES,
      startedAt: new Date().toISOString(),
      ...(fetch ? { fetch } : {}),
    };
    onQuery?.(noted);
    let billed: { bytesBilled?: bigint } = {};
    try {
      const request = { sql, jobId, maximumBytesBilled: METADATA_MAX_BYTES, labels, timeoutMs };
      const accepted = await api.startQuery(request);
      const job = await done(jobId, { timeoutMs, graceMs: TIMEOUT_GRACE_MS }, accepted);
      billed = { bytesBilled: billedBytes(job) };
      const table = resultTable(jobId, job);
      const rows = await this.#read(jobId, table);
      onQuery?.({ ...noted, ...billed });
      return { rows, table };
    } catch (thrown) {
      onQuery?.({ ...noted, ...billed, error: OnescanError.from(thrown).message });
      throw thrown;
    }
  }

  async #read(jobId: string, table: TableReference): Promise<Row[]> {
    const all: Row[] = [];
    for await (const { rows } of readPages(this.facts.api, jobId, table)) {
      for (const { f } of rows) all.push(f.map(nullableText));
    }
    return all;
  }
}
