import { priceOf } from '../planning/price.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { JobLog } from './job-log.js';

/** The end of a job whose process ended before it. */
const LOST = 'the fetcher ended while the statement ran';

/**
 * Asks the warehouse what those jobs were billed of which it is not known, and notes it: a job that was cancelled
 * or whose fetcher was killed may have been billed all the same. What cannot be had now stays unknown.
 */
export async function settleJobs(
  jobs: JobLog,
  warehouse: Pick<Warehouse, 'billedBy'>,
  pricePerTibUsd: number,
): Promise<void> {
  if (!warehouse.billedBy) return;
  for (const record of jobs.unsettled()) {
    const bytes = await warehouse.billedBy(record.jobId).catch(() => undefined);
    if (bytes === undefined) continue;
    const lost = record.state === 'running';
    jobs.append({
      ...record,
      ...(lost ? { state: 'failed', error: LOST, endedAt: new Date().toISOString() } : {}),
      bytesBilled: String(bytes),
      usd: priceOf(bytes, pricePerTibUsd),
      billingUnknown: false,
    });
  }
}
