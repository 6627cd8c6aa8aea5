import { resolve } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { createClient } from '@onescan/process/grpc/client.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import { explainTlsFailure } from '@onescan/process/grpc/tls/tls-failure.js';
import type { Invocation } from '../context.js';
import { unlessInterrupted } from '../terminal/interrupted.js';
import { cancelOnInterrupt } from './cancel-on-interrupt.js';
import { type Endpoint, readEndpoint, staleEndpoint } from './endpoint-file.js';
import { securityOf } from './security.js';

/** How long a service may take to accept the connection, in milliseconds. */
const CONNECT_MS = 5_000;

type Service = 'coordinator' | 'fetcher';

const HOW_TO_START = 'Start one with "onescan up --warehouse DIR", or name its address with';

/** Connects to the coordinator, hands the client to `use`, closes it afterwards. */
export function withCoordinator<T>(
  invocation: Invocation,
  use: (client: CoordinatorServiceClient) => Promise<T>,
): Promise<T> {
  return withService(invocation, 'coordinator', createClientOf(CoordinatorServiceClient), use);
}

/** Connects to the fetcher, hands the client to `use`, closes it afterwards. */
export function withFetcher<T>(
  invocation: Invocation,
  use: (client: FetcherServiceClient) => Promise<T>,
): Promise<T> {
  return withService(invocation, 'fetcher', createClientOf(FetcherServiceClient), use);
}

/**
 * Address of a service: the flag, else ONESCAN_COORDINATOR / ONESCAN_FETCHER, else the endpoint file of
 * the stack in the home folder; undefined when none of these says.
 */
export function findAddress(invocation: Invocation, service: Service): string | undefined {
  const { global, terminal } = invocation;
  const given = global[service] ?? terminal.env[`ONESCAN_${service.toUpperCase()}`];
  if (given) return given;
  const endpoint: Endpoint | undefined = readEndpoint(resolve(terminal.cwd, global.home));
  return endpoint?.[service];
}

function createClientOf<C extends Client>(Constructor: Parameters<typeof createClient<C>>[0]) {
  return (address: string, { interrupt, security }: ClientTerms): C =>
    createClient(Constructor, address, { interceptors: [cancelOnInterrupt(interrupt)] }, security);
}

interface ClientTerms {
  readonly interrupt: AbortSignal;
  readonly security: ChannelSecurity;
}

async function withService<C extends Client, T>(
  invocation: Invocation,
  service: Service,
  create: (address: string, terms: ClientTerms) => C,
  use: (client: C) => Promise<T>,
): Promise<T> {
  const address = findAddress(invocation, service);
  if (!address) {
    const { global, terminal } = invocation;
    const stale = staleEndpoint(resolve(terminal.cwd, global.home));
    const why = stale ? `: ${stale}` : '';
    throw new OnescanError('UNAVAILABLE', `no ${service} is running in ${global.home}${why}`, {
      remedy: `${HOW_TO_START} --${service} HOST:PORT`,
    });
  }
  const { interrupt } = invocation.terminal;
  const security = securityOf(invocation);
  const client = create(address, { interrupt, security });
  try {
    await unlessInterrupted(waitUntilReady(client, { service, address, security }), interrupt);
    return await use(client);
  } finally {
    client.close();
  }
}

interface Target {
  readonly service: Service;
  readonly address: string;
  readonly security: ChannelSecurity;
}

/** @throws OnescanError UNAVAILABLE, with what TLS has to do with it */
async function waitUntilReady(client: Client, { service, address, security }: Target): Promise<void> {
  const cause = await new Promise<Error | undefined>((done) => {
    client.waitForReady(Date.now() + CONNECT_MS, done);
  });
  if (!cause) return;
  throw (
    (await explainTlsFailure(address, security)) ??
    new OnescanError('UNAVAILABLE', `no ${service} answers at ${address}`, {
      remedy: `${HOW_TO_START} --${service} HOST:PORT`,
      cause,
    })
  );
}
