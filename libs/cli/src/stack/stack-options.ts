import { availableParallelism, totalmem } from 'node:os';
import { readProcessMemory } from '@onescan/process/process-memory.js';
import { DEFAULT_RESTARTS, type RestartLimits } from './restart-policy.js';

/** Files of the address that a stack serves beside its sockets. */
export interface ListenSecurity {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  /** Who may be what; without it whoever has the token of the stack is a client. */
  readonly roles?: string;
}

/** What a local stack is made of. */
export interface StackOptions {
  /** Folder of the embedded warehouse, or KIND:ADDRESS, e.g. bigquery:PROJECT. */
  warehouse: string;
  /** Folder for cache, state, logs and the endpoint file. */
  home: string;
  trainers: number;
  /** Most trainers that the coordinator uses at the same time. */
  maxWorkers: number;
  memoryLimitBytes: number;
  /** "host:port" where the coordinator also listens, for who has the token; port 0 chooses a free one. */
  listen?: string;
  /** "host:port" of the live page; absent: none is served. */
  page?: string;
  /** Address of a Jaeger that the page links to. */
  jaeger?: string;
  /** Certificates and roles of these addresses; beyond loopback they are asked for. */
  listenSecurity?: ListenSecurity;
  /** Most that --yes may approve, in US dollars; absent: the coordinator's default. */
  autoApproveUsd?: number;
  /** Further flags of the fetcher, each "name=value", e.g. "location=us-central1". */
  fetcherFlags: readonly string[];
  /** How often a service that ends by itself is started again. */
  restarts: RestartLimits;
}

const GIB = 1024 ** 3;
/** Trainers compute on one thread; two are enough to show that work is shared. */
const DEFAULT_TRAINERS = 2;
const DEFAULT_MAX_WORKERS = 8;
const MAX_DEFAULT_MEMORY_BYTES = 8 * GIB;
/** Share of the machine's memory that all trainers together may take by default. */
const MEMORY_SHARE = 0.7;

/** Fills in what was not given, from the cores and the memory of this machine. */
export function withStackDefaults(
  given: Partial<StackOptions> & Pick<StackOptions, 'warehouse' | 'home'>,
  machine = readMachine(),
): StackOptions {
  const trainers = given.trainers ?? Math.min(DEFAULT_TRAINERS, machine.cores);
  const share = Math.floor((MEMORY_SHARE * machine.memoryBytes) / trainers);
  return {
    warehouse: given.warehouse,
    home: given.home,
    trainers,
    maxWorkers: given.maxWorkers ?? DEFAULT_MAX_WORKERS,
    memoryLimitBytes: given.memoryLimitBytes ?? Math.min(MAX_DEFAULT_MEMORY_BYTES, share),
    fetcherFlags: given.fetcherFlags ?? [],
    restarts: given.restarts ?? DEFAULT_RESTARTS,
    ...(given.listen === undefined ? {} : { listen: given.listen }),
    ...(given.page === undefined ? {} : { page: given.page }),
    ...(given.jaeger === undefined ? {} : { jaeger: given.jaeger }),
    ...(given.listenSecurity ? { listenSecurity: given.listenSecurity } : {}),
    ...(given.autoApproveUsd === undefined ? {} : { autoApproveUsd: given.autoApproveUsd }),
  };
}

/** Where the page is served unless something else is said: at a free port that only this machine reaches. */
export const DEFAULT_PAGE = '127.0.0.1:0';

/** Cores and memory that this process may use: the container's where there is one. */
function readMachine(): { cores: number; memoryBytes: number } {
  const limit = readProcessMemory().cgroupLimitBytes ?? Number.POSITIVE_INFINITY;
  return { cores: availableParallelism(), memoryBytes: Math.min(totalmem(), limit) };
}

/** Files of the served address as flags, which the coordinator and `up` have in common. */
export function listenFlags({ tlsCert, tlsKey, tlsClientCa, roles }: ListenSecurity = {}): string[] {
  const flags = { 'tls-cert': tlsCert, 'tls-key': tlsKey, 'tls-client-ca': tlsClientCa, roles };
  return Object.entries(flags).flatMap(([flag, file]) => (file === undefined ? [] : [`--${flag}`, file]));
}

/** What another kind of warehouse begins with: no drive such as `C:`, and no address such as `s3://bucket`. */
const KIND = /^(?!file:)[a-z][a-z0-9]+:(?!\/\/)/;

/** True for KIND:ADDRESS, e.g. "bigquery:PROJECT" or "lake:DIR", which the fetcher knows how to read. */
export function namesKind(warehouse: string): boolean {
  return KIND.test(warehouse);
}
