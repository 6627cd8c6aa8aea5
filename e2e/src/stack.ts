import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CoordinatorServiceClient,
  type ListTrainersResponse,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceClient, type QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { ServiceProcess } from './service-process.js';

export interface StackOptions {
  /** Folder of the embedded warehouse. */
  warehouse: string;
  trainers: number;
  env?: Readonly<Record<string, string>>;
  /** Further flags of the services. */
  coordinatorFlags?: readonly string[];
  fetcherFlags?: readonly string[];
  /** Default 2GiB. */
  trainerMemory?: string;
  /** Folders of the services elsewhere than in the stack's own, e.g. on a small disk; not removed. */
  stateFolder?: string;
  cacheFolder?: string;
}

export interface TrainerStart {
  /** Default: trainer-N. */
  id?: string;
  /** Address to dial instead of the coordinator's, e.g. of a proxy. */
  through?: string;
  /** Default: that of the stack. */
  memory?: string;
  flags?: readonly string[];
}

const POLL_MS = 50;

/** Fetcher, coordinator and trainers as processes of their own, on free ports, in a temporary folder. */
export class Stack {
  readonly home = mkdtempSync(join(tmpdir(), 'onescan-e2e-'));
  readonly trainers: ServiceProcess[] = [];
  coordinator!: CoordinatorServiceClient;
  fetcher!: FetcherServiceClient;
  readonly #options: StackOptions;
  readonly #services: ServiceProcess[] = [];
  #coordinator: ServiceProcess | undefined;
  #fetcher: ServiceProcess | undefined;
  readonly #started = { coordinator: 0, fetcher: 0 };
  #coordinatorAddress = '';
  #fetcherAddress = '';

  private constructor(options: StackOptions) {
    this.#options = options;
  }

  static async start(options: StackOptions): Promise<Stack> {
    const stack = new Stack(options);
    try {
      await stack.#start();
      return stack;
    } catch (thrown) {
      await stack.stop();
      throw thrown;
    }
  }

  get datasets(): string {
    return this.#options.cacheFolder ?? join(this.home, 'datasets');
  }

  /** File of the key that approvals are signed with. */
  get grantKey(): string {
    return join(this.home, 'grant.key');
  }

  get coordinatorAddress(): string {
    return this.#coordinatorAddress;
  }

  get fetcherAddress(): string {
    return this.#fetcherAddress;
  }

  /** The running processes; a restart replaces them. */
  get coordinatorProcess(): ServiceProcess {
    return this.#coordinator!;
  }

  get fetcherProcess(): ServiceProcess {
    return this.#fetcher!;
  }

  /** Starts one more trainer; does not wait until it is connected. */
  addTrainer(start: TrainerStart = {}): ServiceProcess {
    const id = start.id ?? `trainer-${this.trainers.length + 1}`;
    const memory = start.memory ?? this.#options.trainerMemory ?? '2GiB';
    const trainer = this.#spawn('trainer', id, [
      ...['--coordinator', start.through ?? this.#coordinatorAddress, '--id', id, '--memory-limit', memory],
      ...(start.flags ?? []),
    ]);
    this.trainers.push(trainer);
    return trainer;
  }

  /** Waits until exactly so many trainers are connected and have sent a heartbeat. */
  async untilConnected(count: number): Promise<ListTrainersResponse> {
    for (;;) {
      const response = await callUnary(this.coordinator, this.coordinator.listTrainers, {});
      const beating = response.trainers.filter((trainer) => trainer.connected && trainer.rssBytes > 0n);
      if (beating.length === count) return response;
      await sleep(POLL_MS);
    }
  }

  /** kill -9 of the coordinator, then a new one on the same state and address. */
  async restartCoordinator(): Promise<void> {
    await this.killCoordinator();
    await this.startCoordinator();
  }

  async killCoordinator(): Promise<void> {
    this.#coordinator!.kill('SIGKILL');
    await this.#coordinator!.exited;
  }

  /** Starts a coordinator where the one before was. */
  async startCoordinator(): Promise<void> {
    await this.#startCoordinator(this.#coordinatorAddress);
  }

  /** kill -9 of the fetcher, then a new one on the same cache and address. */
  async restartFetcher(): Promise<void> {
    this.#fetcher!.kill('SIGKILL');
    await this.#fetcher!.exited;
    await this.#startFetcher(this.#fetcherAddress);
  }

  /** Statements that the fetcher really ran, of all runs. */
  async queryJobs(): Promise<QueryJob[]> {
    const request = { runId: '' };
    return (await callUnary(this.fetcher, this.fetcher.listQueryJobs, request)).jobs;
  }

  /** Logs of all services, for messages of failed tests. */
  logs(): string {
    return this.#services.map((service) => service.log()).join('\n');
  }

  /** Stops trainers first, so that they flush their traces; removes the folder. */
  async stop(): Promise<void> {
    await Promise.all(this.trainers.map((trainer) => trainer.stop()));
    for (const service of this.#services.toReversed()) await service.stop();
    this.coordinator?.close();
    this.fetcher?.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    await this.#startFetcher('127.0.0.1:0');
    await this.#startCoordinator('127.0.0.1:0');
    for (let i = 0; i < this.#options.trainers; i++) this.addTrainer();
    await this.untilConnected(this.#options.trainers);
  }

  async #startFetcher(listen: string): Promise<void> {
    const { warehouse, fetcherFlags } = this.#options;
    this.#fetcher = this.#spawn('fetcher', `fetcher-${++this.#started.fetcher}`, [
      ...['--listen', listen, '--warehouse', warehouse, '--cache', this.datasets],
      ...['--grant-key', this.grantKey, ...(fetcherFlags ?? [])],
    ]);
    this.#fetcherAddress = await this.#fetcher.address();
    this.fetcher?.close();
    this.fetcher = createClient(FetcherServiceClient, this.#fetcherAddress);
  }

  async #startCoordinator(listen: string): Promise<void> {
    const state = this.#options.stateFolder ?? join(this.home, 'state');
    const name = `coordinator-${++this.#started.coordinator}`;
    this.#coordinator = this.#spawn('coordinator', name, [
      ...['--listen', listen, '--fetcher', this.#fetcherAddress, '--state', state],
      ...['--grant-key', this.grantKey],
      ...(this.#options.coordinatorFlags ?? []),
    ]);
    this.#coordinatorAddress = await this.#coordinator.address();
    this.coordinator?.close();
    this.coordinator = createClient(CoordinatorServiceClient, this.#coordinatorAddress);
  }

  #spawn(service: 'fetcher' | 'coordinator' | 'trainer', name: string, args: string[]): ServiceProcess {
    const logPath = join(this.home, 'logs', `${name}.log`);
    const env = this.#options.env ?? {};
    const started = new ServiceProcess({ service, args, logPath, env });
    this.#services.push(started);
    return started;
  }
}
