import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, Plan, SharedPlan, Statement } from '@onescan/contract/generated/onescan/v1/plan.js';
import { isMetadataQuery } from '@onescan/contract/metadata-query.js';
import type { PairRecord, RunSnapshot } from './run-record.js';

const TIB = 1024 ** 4;

/** Price of bytes that a plan's warehouse bills, in dollars. */
export function priceOf(bytes: bigint, { pricePerTibUsd }: Pick<Plan, 'pricePerTibUsd'>): number {
  return (Number(bytes) / TIB) * pricePerTibUsd;
}

/** What the statements of a dataset were estimated to bill, whatever of them is there or was paid for by now. */
export function estimatedBytes({ statements }: { readonly statements: readonly Statement[] }): bigint {
  return statements.reduce((sum, { bytes }) => sum + bytes, 0n);
}

/** What a run has really been billed for a pair, by the fetcher's own list of jobs. */
export interface BilledFacts {
  /** Metadata queries, which the sums and the list hold too, are none. */
  statementsRun: number;
  bytesBilled: bigint;
  usd: number;
  jobs: readonly QueryJob[];
}

/** The billing of a pair's record alone, of a record or of what was read anew. */
export function billedOf({ statementsRun, bytesBilled, usd, jobs }: BilledFacts): BilledFacts {
  return { statementsRun, bytesBilled, usd, jobs };
}

/**
 * Bytes that the statements of a run have been billed at most: those of unknown billing count with their bound. What
 * metadata queries were billed is not of what was approved.
 */
export function billedAtMost(pairs: Iterable<Pick<PairRecord, 'jobs' | 'bytesBilled'>>): bigint {
  let bytes = 0n;
  for (const { jobs, bytesBilled } of pairs) {
    bytes += bytesBilled;
    for (const job of jobs) {
      if (isMetadataQuery(job)) bytes -= job.bytesBilled;
      else if (job.billingUnknown) bytes += job.maximumBytesBilled;
    }
  }
  return bytes;
}

/** True when the run has had the shared dataset, or had it from the start. */
export function isSharedThere(shared: SharedPlan, { pairs }: RunSnapshot): boolean {
  const isIt = (pair: PairRecord): boolean => pair.dataset?.shared?.datasetId === shared.datasetId;
  return shared.cached || [...pairs.values()].some(isIt);
}

/** Names a statement of a plan and the jobs that ran it. */
export function statementKey(datasetId: string, sqlSha256: string): string {
  return `${datasetId} ${sqlSha256}`;
}

/** A pair as the run's plan has it. */
export function plannedPair({ run }: RunSnapshot, pair: string): PairPlan {
  return run.plan!.pairs.find((candidate) => candidate.pair === pair)!;
}

/** Bytes that some pairs were billed, and may be billed by the fetches under way. */
export function reservedBytes(snapshot: RunSnapshot, pairs: readonly PairRecord[]): bigint {
  const underWay = pairs.filter((pair) => pair.state === 'FETCHING');
  return underWay.reduce((sum, pair) => sum + bytesToFetch(snapshot, pair.pair), billedAtMost(pairs));
}

/** What a pair's own statements may bill yet, by its plan. */
export function bytesToFetch(snapshot: RunSnapshot, pair: string): bigint {
  const planned = plannedPair(snapshot, pair);
  return planned.cached ? 0n : planned.bytes;
}
