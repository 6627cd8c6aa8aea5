import { hostname } from 'node:os';
import { clientSecurity, requireSafeAddress } from '@onescan/process/grpc/service-security.js';
import { certificateName } from '@onescan/process/grpc/tls/certificate-name.js';
import {
  type ChannelSecurity,
  CLIENT_FLAGS,
  channelCredentials,
} from '@onescan/process/grpc/tls/channel-security.js';
import { readTlsFiles } from '@onescan/process/grpc/tls/tls-files.js';
import { METRICS_FLAG } from '@onescan/process/metrics/metrics-flag.js';
import { requireMetricsAddress } from '@onescan/process/metrics/start-metrics.js';
import type { ProcessMemory } from '@onescan/process/process-memory.js';
import {
  FILE,
  LISTEN_ADDRESS,
  memory,
  PEER_ADDRESS,
  textOf,
  wholeNumber,
} from '@onescan/process/service/flag-kinds.js';
import { type FlagTable, type FlagValues, readFlags } from '@onescan/process/service/flag-table.js';
import { TLS_FLAGS, withTlsEnvironment } from '@onescan/process/service/security-flags.js';

export const TRAINER = 'trainer';

/** Below this Node, DuckDB and the smallest dataset do not fit. */
const MINIMUM_MEMORY_LIMIT_BYTES = 256 * 1024 ** 2;

/** More threads than one horizon has work for. */
const MAXIMUM_THREADS = 64;

const MAXIMUM_GRACE_MS = 999_999_999;

/** Every flag of the process, by the option it sets; docs/trainer.md holds the same table. */
export const TRAINER_FLAGS = {
  coordinator: {
    kind: PEER_ADDRESS,
    required: true,
    doc: 'where `TrainerHubService` is served',
  },
  ...TLS_FLAGS,
  tokenFile: {
    kind: FILE,
    doc: 'bearer token for coordinator and fetcher, where those know callers by tokens',
  },
  id: {
    kind: textOf(/^[\w.:-]{1,128}$/, 'NAME', '1 to 128 letters, digits, dots, colons, dashes'),
    unset: 'the name in `--tls-cert`, else host and process',
    doc: 'stable while the process lives, unique among trainers; with a certificate its name, or `NAME:SOMETHING` where several share it',
  },
  memoryLimitBytes: {
    kind: memory(MINIMUM_MEMORY_LIMIT_BYTES),
    flag: 'memory-limit',
    default: '8GiB',
    doc: "bytes or `8GiB`, `512MiB`, at most the container's limit; a task may lower it (`memoryPerWorkerBytes`), never raise it",
  },
  // Kubernetes kills after 30 s.
  graceMs: {
    kind: wholeNumber(0, MAXIMUM_GRACE_MS),
    flag: 'grace',
    default: '25000',
    doc: 'milliseconds to finish the task in hand after SIGTERM',
  },
  exitWhenIdleMs: {
    kind: wholeNumber(1, MAXIMUM_GRACE_MS),
    flag: 'exit-when-idle',
    doc: 'milliseconds without a task, while the coordinator is there, after which the process ends with exit code 0: for jobs of a cluster ([Kubernetes](kubernetes.md#scaling))',
  },
  threads: {
    kind: wholeNumber(1, MAXIMUM_THREADS),
    default: '1',
    doc: 'threads that one horizon is learned on; the result is the same. More trainers learn more horizons a minute, more threads the first one sooner and with less memory',
  },
  healthListen: {
    kind: LISTEN_ADDRESS,
    doc: 'gRPC health (`onescan.v1.Trainer`) for whoever starts and stops trainers; port 0 chooses one, announced on stdout. SERVING while tasks are taken or computed; NOT_SERVING before the first registration and from the first signal on. Loopback only',
  },
  ...METRICS_FLAG,
} as const satisfies FlagTable;

type TrainerFlags = FlagValues<typeof TRAINER_FLAGS>;

export interface TrainerOptions extends TrainerFlags {
  /** Certificates and token for coordinator and fetcher. */
  readonly security?: ChannelSecurity;
  /** Stable while the process lives. */
  readonly id: string;
}

/** Fills in the name, and keeps the memory within the container's. */
export function trainerOptions(given: TrainerFlags, { cgroupLimitBytes }: ProcessMemory): TrainerOptions {
  const flags = withTlsEnvironment(given);
  return {
    ...flags,
    security: clientSecurity(flags, flags.tokenFile),
    id: flags.id ?? certifiedId(flags) ?? `${hostname()}-${process.pid}`,
    memoryLimitBytes: Math.min(flags.memoryLimitBytes, cgroupLimitBytes ?? Number.POSITIVE_INFINITY),
  };
}

/**
 * Reads the files of certificates once, and looks whether the coordinator can be called with them.
 *
 * @throws OnescanError naming the flag, the file and what to do
 */
export function requireCallable(given: TrainerFlags): void {
  const flags = withTlsEnvironment(given);
  channelCredentials(flags.coordinator, clientSecurity(flags, flags.tokenFile));
  certifiedId(flags);
  requireMetricsAddress('--metrics-listen', flags.metricsListen);
  if (flags.healthListen === undefined) return;
  requireSafeAddress('--health-listen', flags.healthListen, { isEncrypted: false, isGuarded: false });
}

/** The name in the certificate: nobody else can have it. */
function certifiedId({ tlsCert, tlsKey }: TrainerFlags): string | undefined {
  const files = { ...(tlsCert ? { cert: tlsCert } : {}), ...(tlsKey ? { key: tlsKey } : {}) };
  const { identity } = readTlsFiles(files, CLIENT_FLAGS);
  return identity && certificateName(identity.leaf);
}

/**
 * Reads the command line.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseTrainerOptions(args: readonly string[], memory: ProcessMemory): TrainerOptions {
  return trainerOptions(readFlags(TRAINER, TRAINER_FLAGS, args), memory);
}
