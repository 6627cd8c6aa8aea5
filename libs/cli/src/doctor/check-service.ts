import { CoordinatorServiceClient } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { FetcherServiceClient } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { callUnary, createClient } from '@onescan/shared/grpc/client.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { Check } from './check.js';

const ANSWER_MS = 5_000;
const START_ONE = 'start a stack with: onescan up --warehouse DIR';

/** Asks a service something cheap; a stack that simply is not running is only a warning. */
export async function checkService(
  service: 'coordinator' | 'fetcher',
  address: string | undefined,
  interrupt: AbortSignal,
): Promise<Check> {
  if (address === undefined) {
    return { name: service, result: 'warning', found: 'not running', remedy: START_ONE };
  }
  try {
    const found = await (service === 'coordinator'
      ? askCoordinator(address, interrupt)
      : askFetcher(address, interrupt));
    return { name: service, result: 'ok', found: `${address}, ${found}`, remedy: '' };
  } catch (thrown) {
    if (interrupt.aborted) throw thrown;
    const found = `${address}: ${OnescanError.from(thrown).message}`;
    return { name: service, result: 'FAILED', found, remedy: START_ONE };
  }
}

async function askCoordinator(address: string, signal: AbortSignal): Promise<string> {
  const client = createClient(CoordinatorServiceClient, address);
  try {
    const { trainers } = await callUnary(client, client.listTrainers, {}, { deadlineMs: ANSWER_MS, signal });
    return `${trainers.filter((trainer) => trainer.connected).length} trainers connected`;
  } finally {
    client.close();
  }
}

async function askFetcher(address: string, signal: AbortSignal): Promise<string> {
  const client = createClient(FetcherServiceClient, address);
  try {
    const { datasets, unreadable } = await callUnary(
      client,
      client.listDatasets,
      {},
      { deadlineMs: ANSWER_MS, signal },
    );
    return `${datasets.length} datasets, ${unreadable.length} unreadable`;
  } finally {
    client.close();
  }
}
