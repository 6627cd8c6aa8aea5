import { AsyncLocalStorage } from 'node:async_hooks';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { priceOf } from '../planning/price.js';
import type { MetadataQuery } from '../warehouse/metadata-query.js';
import type { JobLog, JobRecord } from './job-log.js';

/** Metadata queries that some work ran, and what they were billed. */
export interface MetadataBill {
  queries: number;
  bytes: bigint;
}

const current = new AsyncLocalStorage<MetadataBill>();

/** Runs `work` and counts the metadata queries that it starts; one that others share counts for its starter. */
export async function meterMetadata<T>(work: () => Promise<T>): Promise<{ result: T; bill: MetadataBill }> {
  const bill: MetadataBill = { queries: 0, bytes: 0n };
  return { result: await current.run(bill, work), bill };
}

/** Puts a metadata query into the job log, and on the bill of the work that runs now. */
export function noteMetadataQuery(jobs: JobLog, query: MetadataQuery, pricePerTibUsd: number): void {
  const { jobId, sql, maximumBytesBilled, startedAt, bytesBilled, error, fetch } = query;
  const ended = bytesBilled !== undefined || error !== undefined;
  const bill = current.getStore();
  if (bill && bytesBilled !== undefined) {
    bill.queries++;
    bill.bytes += bytesBilled;
  }
  const record: JobRecord = {
    jobId,
    runId: fetch?.runId ?? '',
    pair: fetch?.pair ?? '',
    datasetId: '',
    sqlSha256: sha256Hex(sql),
    state: error !== undefined ? 'failed' : ended ? 'done' : 'running',
    rows: 0,
    featureColumns: 0,
    targetColumns: 0,
    bytesBilled: String(bytesBilled ?? 0),
    usd: priceOf(bytesBilled ?? 0n, pricePerTibUsd),
    startedAt,
    endedAt: ended ? new Date().toISOString() : '',
    error: error ?? '',
    pid: process.pid,
    purpose: 'metadata',
    maximumBytesBilled: String(maximumBytesBilled),
    billingUnknown: bytesBilled === undefined,
  };
  jobs.append(record);
}
