import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { diskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import type { FolderLock } from '@onescan/dataset/folder-lock.js';
import { FETCHER_NODE_FLAGS } from '@onescan/process/fetcher-node-flags.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { keepFilesPrivate } from '@onescan/process/private-files.js';
import { processStart } from '@onescan/process/process-start.js';
import { serviceEntry } from '../../bin/serve.mjs';
import {
  type Endpoint,
  endpointPath,
  readEndpoint,
  removeEndpoint,
  writeEndpoint,
} from '../connection/endpoint-file.js';
import { unlessInterrupted } from '../terminal/interrupted.js';
import { type ServiceExit, ServiceProcess } from './service-process.js';
import { socketFolder } from './socket-folder.js';
import { listenFlags, namesKind, type StackOptions } from './stack-options.js';
import { requireTemporaryFolder } from './temporary-folder.js';

/** A running local stack: fetcher, coordinator and trainers, each a process of its own. */
export interface RunningStack {
  readonly coordinator: string;
  readonly fetcher: string;
  /** Folder of the services' logs. */
  readonly logs: string;
  /** What the endpoint file says. */
  endpoint(): Endpoint;
  /** The next service that ends by itself; each is reported once, and none once stop() was called. */
  nextExit(): Promise<ServiceExit & { trainersLeft: number }>;
  /** Stops trainers, then the coordinator, then the fetcher; safe to call twice. */
  stop(): Promise<void>;
}

/** Starting includes opening stores and recovering runs. */
const START_MS = 60_000;
const TRAINER_GRACE_MS = 15_000;
const SERVICE_GRACE_MS = 10_000;
/** What services are told to finish in, below the time after which they are killed. */
const TRAINER_WORK_MS = 12_000;
const FETCHER_WORK_MS = 8_000;
const POLL_MS = 100;
/** In the home folder: what the coordinator signs approvals with and the fetcher checks them by. */
const GRANT_KEY = 'grant.key';
/** State, logs and the temporary files of a start; a dataset of a full pair takes 1.7 GB beside it. */
const MINIMUM_DISK_BYTES = 64 * 1024 ** 2;

/**
 * Starts the services in the order in which they need each other and waits until every trainer is
 * connected. On any failure, and on interruption, everything that was started is stopped again.
 *
 * @throws OnescanError ALREADY_EXISTS when a stack runs in this home, NOT_FOUND without a warehouse,
 *   UNAVAILABLE with the end of the log of the service that did not start, CANCELLED when interrupted
 */
export async function startStack(options: StackOptions, interrupt: AbortSignal): Promise<RunningStack> {
  requireStartable(options);
  keepFilesPrivate();
  const lock = await lockHome(options.home);
  const stack = new Stack(options, lock);
  try {
    await stack.start(interrupt);
    return stack;
  } catch (thrown) {
    await stack.stop();
    throw interrupt.aborted ? new OnescanError('CANCELLED', 'interrupted', { cause: thrown }) : thrown;
  }
}

/**
 * Makes sure of what can be known before anything is started.
 *
 * @throws OnescanError ALREADY_EXISTS when a stack runs in this home, NOT_FOUND without a warehouse, FAILED_PRECONDITION
 *   when temporary files cannot be written, RESOURCE_EXHAUSTED when the disk is full
 */
export function requireStartable(options: StackOptions): void {
  requireWarehouse(options.warehouse);
  requireFreeHome(options.home);
  requireTemporaryFolder();
  requireRoom(options.home);
}

class Stack implements RunningStack {
  coordinator = '';
  fetcher = '';
  private tcp: string | undefined;
  readonly logs: string;
  private readonly services: ServiceProcess[] = [];
  private readonly trainers: ServiceProcess[] = [];
  private readonly reported = new Set<string>();
  private readonly startedAt = new Date().toISOString();
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly options: StackOptions,
    private readonly lock: FolderLock,
  ) {
    this.logs = join(options.home, 'logs');
  }

  async start(interrupt: AbortSignal): Promise<void> {
    const { home, warehouse, listen, maxWorkers, trainers, fetcherFlags, autoApproveUsd } = this.options;
    mkdirSync(home, { recursive: true });
    const cache = join(home, 'datasets');
    const grantKey = ['--grant-key', join(home, GRANT_KEY)];
    const fetcherArgs = [
      ...['--listen', socketOf(home, 'fetcher'), '--warehouse', warehouse, '--cache', cache],
      ...grantKey,
      ...['--grace-ms', String(FETCHER_WORK_MS)],
      ...fetcherFlags.map((flag) => `--${flag}`),
    ];
    const fetcher = this.spawn('fetcher', 'fetcher', fetcherArgs);
    this.fetcher = (await unlessInterrupted(fetcher.announcement(START_MS), interrupt)).address;
    const coordinator = this.spawn('coordinator', 'coordinator', [
      ...['--listen', socketOf(home, 'coordinator'), '--fetcher', this.fetcher],
      ...grantKey,
      ...(listen === undefined ? [] : ['--tcp-listen', listen, ...this.accessFlags()]),
      ...['--state', join(home, 'state'), '--max-workers', String(maxWorkers)],
      ...(autoApproveUsd === undefined ? [] : ['--auto-approve-usd', String(autoApproveUsd)]),
    ]);
    const { address, tcp } = await unlessInterrupted(coordinator.announcement(START_MS), interrupt);
    this.coordinator = address;
    this.tcp = tcp;
    for (let i = 1; i <= trainers; i++) this.trainers.push(this.spawnTrainer(`trainer-${i}`));
    await this.untilTrainersConnected(interrupt);
    writeEndpoint(home, this.endpoint());
  }

  endpoint(): Endpoint {
    const { home, listenSecurity } = this.options;
    const started = processStart(process.pid);
    return {
      coordinator: this.coordinator,
      fetcher: this.fetcher,
      ...(this.tcp === undefined ? {} : { tcp: this.tcp }),
      ...(this.tcp === undefined || listenSecurity?.roles ? {} : { tokenFile: tokenPath(home) }),
      warehouse: this.options.warehouse,
      services: Object.fromEntries(this.services.map(({ name, pid }) => [name, pid ?? 0])),
      pid: process.pid,
      ...(started === undefined ? {} : { processStart: started }),
      startedAt: this.startedAt,
    };
  }

  /** Who may call over TCP: as the file of roles says, else whoever has the stack's token. */
  private accessFlags(): string[] {
    const { home, listenSecurity } = this.options;
    const token = listenSecurity?.roles === undefined ? ['--token-file', tokenPath(home)] : [];
    return [...listenFlags(listenSecurity), ...token];
  }

  async nextExit(): Promise<ServiceExit & { trainersLeft: number }> {
    const pending = this.services.filter((service) => !this.reported.has(service.name));
    const exit = await Promise.race(pending.map((service) => service.exited));
    if (this.stopping) return new Promise(() => undefined);
    this.reported.add(exit.name);
    const trainersLeft = this.trainers.filter((trainer) => !this.reported.has(trainer.name)).length;
    return { ...exit, trainersLeft };
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  private async stopInOrder(): Promise<void> {
    await Promise.all(this.trainers.map((trainer) => trainer.stop(TRAINER_GRACE_MS)));
    const others = this.services.filter((service) => !this.trainers.includes(service)).reverse();
    for (const service of others) await service.stop(SERVICE_GRACE_MS);
    removeEndpoint(this.options.home);
    this.lock.release();
  }

  private spawn(
    name: string,
    service: 'fetcher' | 'coordinator' | 'trainer',
    args: readonly string[],
  ): ServiceProcess {
    const entry = serviceEntry(service);
    if (!existsSync(entry)) {
      throw new OnescanError('FAILED_PRECONDITION', `${service} is not built`, {
        remedy: 'Run: npm run setup',
      });
    }
    const nodeFlags = service === 'fetcher' ? FETCHER_NODE_FLAGS : [];
    const logPath = join(this.logs, `${name}.log`);
    const process = new ServiceProcess({ name, entry, args, nodeFlags, logPath });
    this.services.push(process);
    return process;
  }

  private spawnTrainer(name: string): ServiceProcess {
    const limit = String(this.options.memoryLimitBytes);
    const args = [
      ...['--coordinator', this.coordinator, '--id', name],
      ...['--memory-limit', limit, '--grace', String(TRAINER_WORK_MS)],
    ];
    return this.spawn(name, 'trainer', args);
  }

  /** Trainers announce nothing themselves; the coordinator knows who is connected. */
  private async untilTrainersConnected(interrupt: AbortSignal): Promise<void> {
    const client = createClient(CoordinatorServiceClient, this.coordinator);
    const died = this.nextExit().then(({ name, how }) => {
      this.reported.delete(name);
      throw this.services.find((service) => service.name === name)!.failure(`${name} ended with ${how}`);
    });
    try {
      await Promise.race([died, this.pollTrainers(client, interrupt)]);
    } finally {
      died.catch(() => undefined);
      client.close();
    }
  }

  private async pollTrainers(client: CoordinatorServiceClient, interrupt: AbortSignal): Promise<void> {
    const deadline = performance.now() + START_MS;
    for (;;) {
      const { trainers } = await callUnary(client, client.listTrainers, {}, { signal: interrupt });
      const connected = trainers.filter((trainer) => trainer.connected).length;
      if (connected >= this.options.trainers) return;
      if (performance.now() > deadline) {
        const message = `${connected} of ${this.options.trainers} trainers connected within ${START_MS / 1000} s`;
        throw new OnescanError('DEADLINE_EXCEEDED', message, { remedy: `Look at the logs in ${this.logs}` });
      }
      await sleep(POLL_MS, undefined, { signal: interrupt });
    }
  }
}

function socketOf(home: string, service: 'fetcher' | 'coordinator'): string {
  return `unix:${join(socketFolder(home), `${service}.sock`)}`;
}

/** File with the bearer token for calls over TCP. */
function tokenPath(home: string): string {
  return join(home, 'token');
}

function requireWarehouse(folder: string): void {
  if (namesKind(folder)) return;
  if (existsSync(join(folder, 'warehouse.duckdb'))) return;
  throw new OnescanError('NOT_FOUND', `${folder} holds no warehouse`, {
    remedy: 'Build one with: onescan warehouse build --bars DIR --out DIR (or --simulate)',
  });
}

/** Without room not even the reason could be written into a log. */
function requireRoom(home: string): void {
  const { blocks, bavail, bsize } = statfsSync(nearestExisting(home));
  // Some file systems do not say.
  if (blocks === 0 || bavail * bsize >= MINIMUM_DISK_BYTES) return;
  throw diskFull(`${formatBytes(bavail * bsize)} are free on the disk of ${home}`, {
    remedy: `At least ${formatBytes(MINIMUM_DISK_BYTES)} are needed, and more for datasets: free some, or give another --home`,
  });
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

/**
 * Takes the home folder for the life of this process: of two that start at the same time one goes on, and the other has
 * touched nothing.
 */
async function lockHome(home: string): Promise<FolderLock> {
  // Loaded when first needed: DuckDB would double the time that every verb takes to start.
  const { lockFolder } = await import('@onescan/dataset/folder-lock.js');
  const lock = await lockFolder(home, {
    what: 'home folder',
    inUse: {
      code: 'ALREADY_EXISTS',
      remedy: 'A stack runs or starts there: stop it with "onescan down", or give another --home',
    },
    unwritable: 'Give a folder that can be written to: --home DIR',
  });
  try {
    // One that another process held the lock for until now.
    requireFreeHome(home);
    return lock;
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

function requireFreeHome(home: string): void {
  const running = readEndpoint(home);
  if (!running) return;
  throw new OnescanError('ALREADY_EXISTS', `a stack runs in ${home} already (process ${running.pid})`, {
    remedy: `Stop it with "onescan down", or give another --home. It is described in ${endpointPath(home)}`,
  });
}
