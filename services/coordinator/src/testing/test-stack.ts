import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CoordinatorServiceClient,
  type Run,
  type RunEvent,
  RunState,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { createLog } from '@onescan/process/log.js';
import type { Clocks } from '../coordinator.js';
import type { CoordinatorOptions } from '../coordinator-options.js';
import { type RunningCoordinator, type StartHooks, startCoordinator } from '../start-coordinator.js';
import { type FetcherScript, type ScriptedFetcher, startScriptedFetcher } from './scripted-fetcher.js';
import { ScriptedTrainer, type TrainerAct } from './scripted-trainer.js';

const FAST = {
  maxWorkers: 8,
  leaseMs: 1_000,
  heartbeatMs: 50,
  reconnectGraceMs: 300,
  fetchAhead: 2,
  keepEvents: 100_000,
  keepEventDays: 90,
  keepRunDays: 0,
  backupHours: 0,
  keepBackups: 3,
  autoApproveUsd: 5,
};

/** A coordinator with a scripted fetcher and scripted trainers, over real sockets and a real state file. */
export class TestStack {
  readonly stateDir: string;
  readonly fetcher: ScriptedFetcher;
  readonly trainers: ScriptedTrainer[] = [];
  /** May be changed between two coordinators. */
  clocks: Clocks | undefined;
  readonly #options: Partial<CoordinatorOptions>;
  readonly #hooks: StartHooks;
  #coordinator: RunningCoordinator | undefined;
  #client: CoordinatorServiceClient | undefined;

  private constructor(fetcher: ScriptedFetcher, options: Partial<CoordinatorOptions>, hooks: StartHooks) {
    this.stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'onescan-coordinator-'));
    this.fetcher = fetcher;
    this.#options = options;
    this.#hooks = hooks;
  }

  /** @param hooks with `renderReport`, where a test looks into the report: drawing it costs most of a run */
  static async start(
    script: FetcherScript = {},
    options: Partial<CoordinatorOptions> = {},
    hooks: StartHooks = {},
  ): Promise<TestStack> {
    const stack = new TestStack(await startScriptedFetcher(script), options, hooks);
    await stack.startCoordinator();
    return stack;
  }

  get client(): CoordinatorServiceClient {
    return this.#client!;
  }

  get address(): string {
    return this.#coordinator!.address;
  }

  /** Where the page is served, with `page` among the options. */
  get page(): string {
    return this.#coordinator!.page!;
  }

  /** Where KEDA would ask. */
  get scaler(): string {
    return this.#coordinator!.scaler!;
  }

  /** `listen`: where the one before listened, for trainers that dial again. */
  async startCoordinator(listen = this.#options.listen ?? '127.0.0.1:0'): Promise<void> {
    const options = { listen, fetcher: this.fetcher.address, stateDir: this.stateDir };
    this.#coordinator = await startCoordinator({ ...FAST, ...this.#options, ...options }, createLog('test'), {
      renderReport: async () => '<html></html>',
      ...this.#hooks,
      ...(this.clocks ? { clocks: this.clocks } : {}),
    });
    this.#client = createClient(CoordinatorServiceClient, this.#coordinator.address);
  }

  async stopCoordinator(): Promise<void> {
    this.#client?.close();
    await this.#coordinator?.shutdown();
    this.#coordinator = undefined;
  }

  addTrainers(count: number, act?: TrainerAct): ScriptedTrainer[] {
    const added = Array.from({ length: count }, () => {
      const trainer = new ScriptedTrainer(this.address, {
        id: `trainer-${this.trainers.length + 1}`,
        ...(act ? { act } : {}),
      });
      this.trainers.push(trainer);
      return trainer;
    });
    return added;
  }

  async startRun(spec: Partial<RunSpec> = {}, rerunOf = ''): Promise<string> {
    const full = RunSpec.fromPartial({ approvalMode: ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET, ...spec });
    const request = { spec: rerunOf === '' ? full : RunSpec.fromPartial(spec), rerunOf };
    return (await callUnary(this.client, this.client.startRun, request)).runId;
  }

  async getRun(runId: string): Promise<Run> {
    return (await callUnary(this.client, this.client.getRun, { runId })).run!;
  }

  /** Reads a run's events until one satisfies `until`, or to the end. */
  async watch(
    runId: string,
    until: (event: RunEvent) => boolean = () => false,
    afterSequence = 0n,
  ): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    const stream = callServerStream(this.client, this.client.watchRun, { runId, afterSequence });
    for await (const { event } of stream) {
      events.push(event!);
      if (until(event!)) break;
    }
    return events;
  }

  /** Starts a run and watches it to its end. */
  async complete(spec: Partial<RunSpec>): Promise<Run> {
    const runId = await this.startRun(spec);
    await this.watch(runId);
    return this.getRun(runId);
  }

  /** Waits until the run has been in a state. */
  async reach(runId: string, state: keyof typeof RunState): Promise<Run> {
    await this.watch(
      runId,
      ({ event }) => event?.$case === 'runState' && event.value.state === RunState[state],
    );
    return this.getRun(runId);
  }

  async close(): Promise<void> {
    for (const trainer of this.trainers) trainer.close();
    await this.stopCoordinator();
    await this.fetcher.close();
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
