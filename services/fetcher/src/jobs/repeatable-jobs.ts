import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Warehouse } from '../warehouse/warehouse.js';

/**
 * Marks the jobs whose statements would not be billed again, as a fetch would find: their results are still in the
 * warehouse or, where it keeps none, their run has paid for them. What the warehouse does not say now counts as gone.
 */
export function markRepeatable(
  jobs: readonly QueryJob[],
  warehouse: Pick<Warehouse, 'hasResult'>,
): Promise<QueryJob[]> {
  const isRepeatable = async ({ jobId, purpose, bytesBilled }: QueryJob): Promise<boolean> => {
    if (purpose !== 'fetch') return false;
    if (!warehouse.hasResult) return bytesBilled > 0n;
    return warehouse.hasResult(jobId).catch(() => false);
  };
  return Promise.all(jobs.map(async (job) => ({ ...job, repeatable: await isRepeatable(job) })));
}
