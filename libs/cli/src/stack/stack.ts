import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { FolderLock } from '@onescan/dataset/folder-lock.js';
import type { Announcement } from '@onescan/process/announce.js';
import { FETCHER_NODE_FLAGS } from '@onescan/process/fetcher-node-flags.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { isLoopbackAddress } from '@onescan/process/grpc/loopback.js';
import { keepFilesPrivate } from '@onescan/process/private-files.js';
import { processStart } from '@onescan/process/process-start.js';
import { type ServiceName, serviceEntry } from '../../bin/serve.mjs';
import { type Endpoint, removeEndpoint, writeEndpoint } from '../connection/endpoint-file.js';
import { unlessInterrupted } from '../terminal/interrupted.js';
import { SERVICE_START_MS, ServiceProcess } from './service-process.js';
import { socketFolder } from './socket-folder.js';
import { listenFlags, type StackOptions } from './stack-options.js';
import { lockHome, requireStartable, untilOrphansGone } from './startable.js';
import { type ServiceEnd, SupervisedService } from './supervised-service.js';

/** A running local stack: fetcher, coordinator and trainers, each a process of its own. */
export interface RunningStack {
  readonly coordinator: string;
  readonly fetcher: string;
  /** A link that opens the live page once; undefined where none is served. */
  pageLink(): Promise<string | undefined>;
  /** Folder of the services' logs. */
  readonly logs: string;
  /** What the endpoint file says. */
  endpoint(): Endpoint;
  /** The next service that ends by itself; each end is reported once, and none once stop() was called. */
  nextEnd(): Promise<StackEnd>;
  /** Stops trainers, then the coordinator, then the fetcher; safe to call twice. */
  stop(): Promise<void>;
}

/** The end of a service, and what it means for the stack. */
export interface StackEnd extends ServiceEnd {
  /** Trainers that run or are started again. */
  readonly trainersLeft: number;
  /** The stack is of no use any more: its fetcher, its coordinator or its last trainer is given up. */
  readonly isOver: boolean;
}

const TRAINER_GRACE_MS = 15_000;
const SERVICE_GRACE_MS = 10_000;
/** What services are told to finish in, below the time after which they are killed. */
const TRAINER_WORK_MS = 12_000;
const FETCHER_WORK_MS = 8_000;
const POLL_MS = 100;
/** In the home folder: what the coordinator signs approvals with and the fetcher checks them by. */
const GRANT_KEY = 'grant.key';

/**
 * Starts the services in the order in which they need each other and waits until every trainer is
 * connected. On any failure, and on interruption, everything that was started is stopped again.
 * Later on, a service that ends by itself is started again, as often as `options.restarts` says.
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
    await untilOrphansGone(options.home, interrupt);
    await stack.start(interrupt);
    return stack;
  } catch (thrown) {
    await stack.stop();
    throw interrupt.aborted ? new OnescanError('CANCELLED', 'interrupted', { cause: thrown }) : thrown;
  }
}

class Stack implements RunningStack {
  coordinator = '';
  fetcher = '';
  private tcp: string | undefined;
  private page: string | undefined;
  readonly logs: string;
  private readonly services: SupervisedService[] = [];
  private readonly trainers: SupervisedService[] = [];
  private readonly ends: StackEnd[] = [];
  private tellEnd: (() => void) | undefined;
  private readonly startedAt = new Date().toISOString();
  private stopping: Promise<void> | undefined;
  private stoppedWithout: string | undefined;

  constructor(
    private readonly options: StackOptions,
    private readonly lock: FolderLock,
  ) {
    this.logs = join(options.home, 'logs');
  }

  async start(interrupt: AbortSignal): Promise<void> {
    const { home, trainers } = this.options;
    mkdirSync(home, { recursive: true });
    const fetcher = this.add('fetcher', 'fetcher', () => this.fetcherFlags());
    this.fetcher = (await unlessInterrupted(fetcher.announcement(), interrupt)).address;
    const coordinator = this.add('coordinator', 'coordinator', (before) => this.coordinatorFlags(before));
    const { address, tcp, page } = await unlessInterrupted(coordinator.announcement(), interrupt);
    this.coordinator = address;
    this.tcp = tcp;
    this.page = page;
    for (let i = 1; i <= trainers; i++) {
      const name = `trainer-${i}`;
      this.trainers.push(this.add(name, 'trainer', () => this.trainerFlags(name)));
    }
    await this.untilTrainersConnected(interrupt);
    writeEndpoint(home, this.endpoint());
    for (const service of this.services) this.watchOver(service);
  }

  endpoint(): Endpoint {
    const { home, listenSecurity } = this.options;
    const started = processStart(process.pid);
    return {
      coordinator: this.coordinator,
      fetcher: this.fetcher,
      ...(this.tcp === undefined ? {} : { tcp: this.tcp }),
      ...(this.page === undefined ? {} : { page: this.page }),
      ...(this.tcp === undefined || listenSecurity?.roles ? {} : { tokenFile: tokenPath(home) }),
      warehouse: this.options.warehouse,
      services: Object.fromEntries(this.services.map(({ name, process: { pid } }) => [name, pid ?? 0])),
      pid: process.pid,
      ...(started === undefined ? {} : { processStart: started }),
      startedAt: this.startedAt,
      supervised: Object.fromEntries(
        this.services.map(({ name, state, restarts, lastEnd }) => [
          name,
          { state, restarts, ...(lastEnd ? { lastEnd } : {}) },
        ]),
      ),
    };
  }

  async pageLink(): Promise<string | undefined> {
    if (this.page === undefined) return undefined;
    const client = createClient(CoordinatorServiceClient, this.coordinator);
    try {
      return (await callUnary(client, client.openPage, {})).url;
    } finally {
      client.close();
    }
  }

  async nextEnd(): Promise<StackEnd> {
    for (;;) {
      const end = this.ends.shift();
      if (end) return end;
      await new Promise<void>((tell) => {
        this.tellEnd = tell;
      });
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  private async stopInOrder(): Promise<void> {
    await Promise.all(this.trainers.map((trainer) => trainer.stop(TRAINER_GRACE_MS)));
    const others = this.services.filter((service) => !this.trainers.includes(service)).reverse();
    for (const service of others) await service.stop(SERVICE_GRACE_MS);
    const { home } = this.options;
    // One that stopped by itself leaves word of why; its processes are gone.
    const { stoppedWithout } = this;
    if (stoppedWithout) writeEndpoint(home, { ...this.endpoint(), services: {}, stoppedWithout });
    else removeEndpoint(home);
    this.lock.release();
  }

  private watchOver(service: SupervisedService): void {
    const tellFile = (): void => {
      // What it says at the end is written last.
      if (!this.stopping) writeEndpoint(this.options.home, this.endpoint());
    };
    const onEnd = (end: ServiceEnd): void => {
      if (this.stopping) return;
      tellFile();
      const trainersLeft = this.trainers.filter(({ state }) => state !== 'given up').length;
      const isGivenUp = end.restartInMs === undefined;
      const isOver = isGivenUp && (!this.trainers.includes(service) || trainersLeft === 0);
      if (isOver) this.stoppedWithout ??= service.name;
      this.ends.push({ ...end, trainersLeft, isOver });
      this.tellEnd?.();
    };
    void service.supervise(this.options.restarts, { onEnd, onStart: tellFile });
  }

  private fetcherFlags(): string[] {
    const { home, warehouse, fetcherFlags } = this.options;
    return [
      ...['--listen', socketOf(home, 'fetcher'), '--warehouse', warehouse, '--cache', join(home, 'datasets')],
      ...['--grant-key', join(home, GRANT_KEY)],
      ...['--grace-ms', String(FETCHER_WORK_MS)],
      ...fetcherFlags.map((flag) => `--${flag}`),
    ];
  }

  /** A port that was chosen once is kept: its callers know it. */
  private coordinatorFlags(before: Announcement | undefined): string[] {
    const { home, listen, maxWorkers, autoApproveUsd, jaeger } = this.options;
    const tcp = before?.tcp ?? listen;
    const page = before?.page === undefined ? this.options.page : new URL(before.page).host;
    const isGuarded = tcp !== undefined || (page !== undefined && !isLoopbackAddress(page));
    return [
      ...['--listen', socketOf(home, 'coordinator'), '--fetcher', this.fetcher],
      ...['--grant-key', join(home, GRANT_KEY)],
      ...(tcp === undefined ? [] : ['--tcp-listen', tcp]),
      ...(page === undefined ? [] : ['--page', page]),
      ...(jaeger === undefined ? [] : ['--page-traces', jaeger]),
      ...(isGuarded ? this.accessFlags() : []),
      ...['--state', join(home, 'state'), '--max-workers', String(maxWorkers)],
      ...(autoApproveUsd === undefined ? [] : ['--auto-approve-usd', String(autoApproveUsd)]),
    ];
  }

  private trainerFlags(name: string): string[] {
    return [
      ...['--coordinator', this.coordinator, '--id', name],
      ...['--memory-limit', String(this.options.memoryLimitBytes), '--grace', String(TRAINER_WORK_MS)],
    ];
  }

  /** Who may call over TCP: as the file of roles says, else whoever has the stack's token. */
  private accessFlags(): string[] {
    const { home, listenSecurity } = this.options;
    const token = listenSecurity?.roles === undefined ? ['--token-file', tokenPath(home)] : [];
    return [...listenFlags(listenSecurity), ...token];
  }

  private add(
    name: string,
    kind: ServiceName,
    flags: (before: Announcement | undefined) => string[],
  ): SupervisedService {
    const entry = serviceEntry(kind);
    if (!existsSync(entry)) {
      throw new OnescanError('FAILED_PRECONDITION', `${kind} is not built`, {
        remedy: 'Run: npm run setup',
      });
    }
    const nodeFlags = kind === 'fetcher' ? FETCHER_NODE_FLAGS : [];
    const logPath = join(this.logs, `${name}.log`);
    const service = new SupervisedService({
      name,
      announces: kind !== 'trainer',
      start: (before) => new ServiceProcess({ name, entry, args: flags(before), nodeFlags, logPath }),
    });
    this.services.push(service);
    return service;
  }

  /** Trainers announce nothing themselves; the coordinator knows who is connected. */
  private async untilTrainersConnected(interrupt: AbortSignal): Promise<void> {
    const client = createClient(CoordinatorServiceClient, this.coordinator);
    const died = Promise.race(this.services.map(({ process }) => process.exited)).then(({ name, how }) => {
      const { process } = this.services.find((service) => service.name === name)!;
      throw process.failure(`${name} ended with ${how}`);
    });
    try {
      await Promise.race([died, this.pollTrainers(client, interrupt)]);
    } finally {
      died.catch(() => undefined);
      client.close();
    }
  }

  private async pollTrainers(client: CoordinatorServiceClient, interrupt: AbortSignal): Promise<void> {
    const deadline = performance.now() + SERVICE_START_MS;
    for (;;) {
      const { trainers } = await callUnary(client, client.listTrainers, {}, { signal: interrupt });
      const connected = trainers.filter((trainer) => trainer.connected).length;
      if (connected >= this.options.trainers) return;
      if (performance.now() > deadline) {
        const message = `${connected} of ${this.options.trainers} trainers connected within ${SERVICE_START_MS / 1000} s`;
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
