import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import { explainTlsFailure } from '@onescan/process/grpc/tls/tls-failure.js';
import type { Check } from './check.js';

const ANSWER_MS = 5_000;
const START_ONE = 'start a stack with: onescan up --warehouse DIR';

/** Asks a service something cheap; a stack that simply is not running is only a warning. */
export async function checkService(
  service: 'coordinator' | 'fetcher',
  address: string | undefined,
  { interrupt, security = {} }: { interrupt: AbortSignal; security?: ChannelSecurity },
): Promise<Check> {
  if (address === undefined) {
    return { name: service, result: 'warning', found: 'not running', remedy: START_ONE };
  }
  try {
    const found = await (service === 'coordinator'
      ? askCoordinator({ address, security }, interrupt)
      : askFetcher({ address, security }, interrupt));
    return { name: service, result: 'ok', found: `${address}, ${found}`, remedy: '' };
  } catch (thrown) {
    if (interrupt.aborted) throw thrown;
    const why =
      (await explainTlsFailure(address, security).catch(() => undefined)) ?? OnescanError.from(thrown);
    const remedy = why.code === 'UNAVAILABLE' && why.remedy ? why.remedy : START_ONE;
    return { name: service, result: 'FAILED', found: `${address}: ${why.message}`, remedy };
  }
}

interface Target {
  readonly address: string;
  readonly security: ChannelSecurity;
}

async function askCoordinator({ address, security }: Target, signal: AbortSignal): Promise<string> {
  const client = createClient(CoordinatorServiceClient, address, {}, security);
  try {
    const { trainers } = await callUnary(client, client.listTrainers, {}, { deadlineMs: ANSWER_MS, signal });
    return `${trainers.filter((trainer) => trainer.connected).length} trainers connected`;
  } finally {
    client.close();
  }
}

async function askFetcher({ address, security }: Target, signal: AbortSignal): Promise<string> {
  const client = createClient(FetcherServiceClient, address, {}, security);
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
