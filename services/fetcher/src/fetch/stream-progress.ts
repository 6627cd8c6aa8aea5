import type { DatasetRef, FetchPairResponse } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { FetchProgressNow } from './shared-fetches.js';

/** Time between progress messages, in milliseconds; clients may count on one a second. */
const PROGRESS_INTERVAL_MS = 400;

/** Yields the current progress at regular times until the work is done, then the dataset. */
export async function* streamProgress(
  work: Promise<DatasetRef>,
  progress: () => FetchProgressNow,
): AsyncGenerator<FetchPairResponse, void, undefined> {
  const done = work.then(
    () => true,
    () => true,
  );
  for (;;) {
    yield progressMessage(progress());
    if (await Promise.race([done, tick()])) break;
  }
  yield { message: { $case: 'dataset', value: await work } };
}

function progressMessage({ stage, done, total }: FetchProgressNow): FetchPairResponse {
  return {
    message: {
      $case: 'progress',
      value: {
        stage,
        done: BigInt(done),
        total: BigInt(total),
        rssBytes: BigInt(process.memoryUsage.rss()),
      },
    },
  };
}

function tick(): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, PROGRESS_INTERVAL_MS, false));
}
