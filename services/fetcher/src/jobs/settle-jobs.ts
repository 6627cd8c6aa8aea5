import { setTimeout as sleep } from 'node:timers/promises';
import { priceOf } from '../planning/price.js';
import type { JobBill, Warehouse } from '../warehouse/warehouse.js';
import type { JobLog, JobRecord } from './job-log.js';

/** The end of a job whose process ended before it. */
const LOST = 'the fetcher ended while the statement ran';

/** Questions that the warehouse gets at a time. */
const ASKED_AT_A_TIME = 8;

/** Waits between questions about a job that is ending, half a minute in all. */
const LATER_MS = [200, 300, 500, 1000, 2000, 4000, 6000, 8000, 8000];

/** Where bills are noted, and who tells them. */
export interface Billing {
  readonly jobs: JobLog;
  readonly warehouse: Pick<Warehouse, 'billedBy'>;
  readonly pricePerTibUsd: number;
}

/**
 * Asks the warehouse, once each, what those jobs were billed of which it is not known, and notes it: a job that was
 * cancelled or whose fetcher was killed may have been billed all the same. What cannot be had now stays unknown.
 */
export async function settleJobs(billing: Billing): Promise<void> {
  if (!billing.warehouse.billedBy) return;
  const unsettled = billing.jobs.unsettled();
  const settle = async (): Promise<void> => {
    for (let record = unsettled.shift(); record; record = unsettled.shift()) {
      await settleJob(billing, record.jobId);
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_A_TIME }, settle));
}

/**
 * Asks for the bill of a job that was given up until the warehouse has ended it, at most for half a minute. It never
 * fails and keeps no process alive: what is not known then is asked for when jobs are listed.
 */
export async function settleLater(billing: Billing, jobId: string): Promise<void> {
  for (const wait of LATER_MS) {
    await sleep(wait, undefined, { ref: false });
    // Whoever took the job log away wants no bill.
    if (await settleJob(billing, jobId).catch(() => true)) return;
  }
}

/** The bill of a job as its record says it; nothing when it is not known. */
export function billRecord(bill: JobBill | undefined, pricePerTibUsd: number): Partial<JobRecord> {
  const bytes = bill?.bytes ?? 0n;
  return {
    bytesBilled: String(bytes),
    usd: priceOf(bytes, pricePerTibUsd),
    billingUnknown: bill === undefined,
    ...(bill?.exists === false ? { neverRan: true } : {}),
  };
}

/** Asks once; true when there is nothing more to ask. */
async function settleJob({ jobs, warehouse, pricePerTibUsd }: Billing, jobId: string): Promise<boolean> {
  const bill = await warehouse.billedBy?.(jobId).catch(() => undefined);
  if (!bill) return false;
  // Meanwhile another fetch may have taken the job over.
  const record = jobs.unsettled().find((each) => each.jobId === jobId);
  if (!record) return true;
  const lost = record.state === 'running';
  jobs.append({
    ...record,
    ...(lost ? { state: 'failed', error: LOST, endedAt: new Date().toISOString() } : {}),
    ...billRecord(bill, pricePerTibUsd),
  });
  return true;
}
