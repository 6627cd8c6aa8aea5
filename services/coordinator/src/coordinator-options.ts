import { OnescanError } from '@onescan/contract/onescan-error.js';
import { requireSafeAddress, requireSecurity } from '@onescan/process/grpc/service-security.js';
import { METRICS_FLAG } from '@onescan/process/metrics/metrics-flag.js';
import { requireMetricsAddress } from '@onescan/process/metrics/start-metrics.js';
import {
  DATABASE_FOLDER,
  dollars,
  FILE,
  LISTEN_ADDRESS,
  PEER_ADDRESS,
  SWITCH,
  WEB_ADDRESS,
  wholeNumber,
} from '@onescan/process/service/flag-kinds.js';
import { type FlagTable, type FlagValues, readFlags } from '@onescan/process/service/flag-table.js';
import { LISTEN_FLAGS } from '@onescan/process/service/listen-flags.js';
import { CALLER_FLAGS, TLS_FLAGS, withTlsEnvironment } from '@onescan/process/service/security-flags.js';

export const COORDINATOR = 'coordinator';

const MAX_COUNT = 999_999_999;
const COUNT = wholeNumber(1, MAX_COUNT);
const COUNT_OR_NONE = wholeNumber(0, MAX_COUNT);

/** Every flag of the process, by the option it sets; docs/operations.md holds the same table. */
export const COORDINATOR_FLAGS = {
  ...LISTEN_FLAGS,
  tcpListen: {
    kind: LISTEN_ADDRESS,
    doc: 'a second address, beside a `unix:/path/to.sock` of `--listen`',
  },
  tokenFile: {
    kind: FILE,
    doc: "calls over TCP must bring this file's text as bearer token; made (0600) where it is missing",
  },
  ...TLS_FLAGS,
  ...CALLER_FLAGS,
  fetcherTokenFile: {
    kind: FILE,
    doc: 'bearer token for the fetcher, where that knows callers by tokens',
  },
  page: {
    kind: LISTEN_ADDRESS,
    doc: 'serves the [live page](page.md) there; port 0 chooses a free one, announced on stdout. Beyond this machine it takes `--tls-cert` and `--roles` or `--token-file`',
  },
  pageTraces: {
    kind: WEB_ADDRESS,
    doc: 'where people look at traces, e.g. `http://127.0.0.1:16686`: runs on the page link to theirs in that Jaeger',
  },
  fetcher: {
    kind: PEER_ADDRESS,
    required: true,
    doc: 'the fetcher; trainers get this address for downloads, where `--datasets` names no other',
  },
  datasets: {
    kind: PEER_ADDRESS,
    unset: 'that of `--fetcher`',
    doc: "the address for trainers' downloads: `--datasets-listen` of the fetcher",
  },
  scalerListen: {
    kind: LISTEN_ADDRESS,
    doc: 'where KEDA asks how much work there is ([Kubernetes](kubernetes.md#scaling)); KEDA brings a certificate and no token, so beyond this machine it takes `--tls-client-ca`',
  },
  podDeletionCost: {
    kind: SWITCH,
    unset: 'no',
    doc: 'tells Kubernetes which pods of trainers are at work, so that it takes idle ones first ([Kubernetes](kubernetes.md#scaling)); takes a service account that may patch pods',
  },
  ...METRICS_FLAG,
  stateDir: {
    kind: DATABASE_FOLDER,
    flag: 'state',
    required: true,
    doc: 'state file, reports; created when missing',
  },
  grantKey: {
    kind: FILE,
    doc: 'key that approvals are signed with for the fetcher, which is given the same file; made (0600) where it is missing ([security](security.md#money))',
  },
  maxWorkers: {
    kind: COUNT,
    default: '8',
    doc: 'trainers that may work at the same time, over all runs',
  },
  leaseMs: {
    kind: COUNT,
    default: '10000',
    doc: 'silence after which a trainer counts as lost; looked for 20 times a lease, so it is noticed within this time. Jumps of the clock do not matter',
  },
  heartbeatMs: {
    kind: COUNT,
    default: '1000',
    doc: 'how often trainers are asked to speak; at most half the lease',
  },
  // A trainer dials again after 0.1, 0.2, 0.4, 0.8 s.
  reconnectGraceMs: {
    kind: COUNT,
    default: '2000',
    doc: 'time that a trainer whose connection broke has to come back with its task',
  },
  fetchAhead: {
    kind: COUNT,
    default: '2',
    doc: 'datasets that may be fetched or waiting before a trainer takes them up',
  },
  autoApproveUsd: {
    kind: dollars(0, MAX_COUNT),
    default: '5',
    doc: 'most that a run may cost which nobody has looked at',
  },
  keepEvents: {
    kind: COUNT,
    default: '100000',
    doc: 'events kept of each run, the newest',
  },
  keepEventDays: {
    kind: COUNT,
    default: '90',
    doc: 'days after the end of a run for which more than its last event is kept',
  },
  keepRunDays: {
    kind: COUNT_OR_NONE,
    default: '0',
    doc: 'days after its end for which a run is kept; 0 for ever',
  },
  backupHours: {
    kind: COUNT_OR_NONE,
    default: '24',
    doc: 'hours between two backups of the state; 0 for none',
  },
  keepBackups: {
    kind: COUNT,
    default: '3',
    doc: 'backups kept, the latest',
  },
} as const satisfies FlagTable;

/** Flags of a process that brings a state folder back and ends. */
export const RESTORE_FLAGS = {
  restore: { kind: SWITCH, required: true, doc: 'brings the state folder back instead of serving it' },
  stateDir: COORDINATOR_FLAGS.stateDir,
  backup: { kind: FILE, unset: 'the latest', doc: 'file to bring back' },
  withoutLog: {
    kind: SWITCH,
    unset: 'no',
    doc: 'keep the state file and give up its write-ahead log: what came after the last checkpoint is lost',
  },
} as const satisfies FlagTable;

/** Settings of the process. */
export interface CoordinatorOptions extends FlagValues<typeof COORDINATOR_FLAGS> {}

/**
 * Reads the command line.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseCoordinatorOptions(args: readonly string[]): CoordinatorOptions {
  const options = readFlags(COORDINATOR, COORDINATOR_FLAGS, args);
  requireTogether(options);
  return options;
}

/**
 * Holds flags against each other, and reads the files of certificates and roles once.
 *
 * @throws OnescanError naming the flag
 */
export function requireTogether(flags: CoordinatorOptions): void {
  requireTwoHeartbeats(flags);
  const { listen, tcpListen, page, scalerListen } = flags;
  requireMetricsAddress('--metrics-listen', flags.metricsListen);
  const secured = withTlsEnvironment(flags);
  const listens = {
    '--listen': listen,
    '--tcp-listen': tcpListen,
    '--page': page,
    '--scaler-listen': scalerListen,
  };
  requireSecurity(secured, listens);
  if (scalerListen === undefined || secured.tlsClientCa !== undefined) return;
  requireSafeAddress('--scaler-listen', scalerListen, { isEncrypted: false, isGuarded: false });
}

/** One late heartbeat must not lose a trainer. */
function requireTwoHeartbeats({ leaseMs, heartbeatMs }: CoordinatorOptions): void {
  if (leaseMs >= 2 * heartbeatMs) return;
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `--lease-ms ${leaseMs} is less than two heartbeats of ${heartbeatMs} ms`,
    { remedy: 'One late heartbeat must not lose a trainer: raise --lease-ms or lower --heartbeat-ms' },
  );
}
