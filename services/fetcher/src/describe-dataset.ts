import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Fetched } from './fetch/fetch-dataset.js';
import type { FetchProgressNow } from './fetch/shared-fetches.js';
import type { FetcherServices } from './fetcher-services.js';

/** Told where progress can be read from now on. */
export type Report = (progress: () => FetchProgressNow) => void;

/** A dataset that was fetched now, with what it cost the caller. */
export async function describeFetched(
  services: FetcherServices,
  fetched: Fetched,
  started: boolean,
): Promise<DatasetRef> {
  const { ref } = await services.cache.describe(fetched.path);
  // Who joined another's fetch paid nothing for it.
  return started
    ? {
        ...ref,
        cached: false,
        statementsRun: fetched.statementsRun,
        bytesBilled: fetched.bytesBilled,
        usd: fetched.usd,
      }
    : unbilled(ref);
}

/** A dataset that is there, once all of it was verified. Throws DATA_LOSS on damage. */
export async function cachedDataset(
  { cache }: FetcherServices,
  pair: string,
  datasetId: string,
  report: Report,
): Promise<DatasetRef> {
  const path = cache.pathOf(pair, datasetId);
  const { ref } = await cache.describe(path, datasetId);
  let now: FetchProgressNow = { stage: 'verify', done: 0, total: ref.columns };
  report(() => now);
  await cache.requireWhole(path, (done, total) => {
    now = { stage: 'verify', done, total };
  });
  return unbilled(ref);
}

/** A dataset that cost the caller nothing. */
export function unbilled(ref: DatasetRef): DatasetRef {
  return { ...ref, cached: true, statementsRun: 0, bytesBilled: 0n, usd: 0 };
}
