import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { QueryJob, UnreadableDataset } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { readGrantKey } from '@onescan/process/fetch-grant.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { finishRun, quickSpec, runResults, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';
import { HostileHub } from './hostile-hub.js';
import { runHostileSession, type SessionReport, sharePerRpc } from './hostile-session.js';
import {
  type Flood,
  type FrameCounts,
  floodOneConnection,
  leaveDownloadsUnread,
  sendBrokenFrames,
} from './hostile-surroundings.js';
import type { KnownIds } from './known-ids.js';
import { CAN_MEASURE, type ProcessFigures, processFigures } from './process-figures.js';
import { removeHostileRuns } from './remove-hostile-runs.js';
import { type Service, SteadyClient } from './steady-client.js';

export interface TrialOptions {
  readonly seed: number;
  readonly messages: number;
  /** See {@link KnownIds}. */
  readonly plannable: number;
  /** Methods that every kind of broken frames is sent to. */
  readonly framedMethods: number;
  /** Calls on one connection at once; 0 for none. */
  readonly flood: number;
}

export const PROCESSES = ['coordinator', 'fetcher', 'trainer', 'misled trainer'] as const;
export type Figures = Readonly<Record<(typeof PROCESSES)[number], ProcessFigures>>;

/** What a stack of real processes went through, and how it stood before and after. */
export interface Trial {
  readonly session: SessionReport;
  readonly frames: FrameCounts;
  readonly flood: Flood;
  /** Messages that a hostile coordinator sent to its trainer, and what came back. */
  readonly hub: { readonly sent: number; readonly received: ReadonlyMap<string, number> };
  readonly service: Service;
  /** Undefined where they cannot be measured. */
  readonly figures:
    | {
        readonly before: Figures;
        readonly after: Figures;
        readonly peakRssMib: Readonly<Record<string, number>>;
      }
    | undefined;
  /** Processes that have ended, and how. */
  readonly ended: readonly string[];
  /** Files below the services' folder and in their folder for temporary files, before and after. */
  readonly files: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly unreadable: readonly UnreadableDataset[];
  readonly jobs: readonly QueryJob[];
  /** Runs that may have been billed: the two of the test, and those with an approval. */
  readonly approved: ReadonlySet<string>;
  readonly runs: { readonly before: Run; readonly after: Run };
  readonly documents: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly logs: string;
  /** That messages were sent for. */
  readonly seconds: number;
}

const SPEC = quickSpec({ pairs: ['eurusd'], horizons: [15] });
const UNREAD_OF_EACH = 6;
const SAMPLE_MS = 500;
/** Time for what has gone to be noticed: pings, silent first messages. */
const SETTLE_MS = 120_000;
/** Handles and threads that come and go. */
const HANDLE_SLACK = 6;

/** Sends hostile messages of every kind to a fetcher, a coordinator and a trainer, beside a client that behaves. */
export async function runHostileTrial(options: TrialOptions): Promise<Trial> {
  const temporary = mkdtempSync(join(tmpdir(), 'onescan-hostile-'));
  const stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, env: { TMPDIR: temporary } });
  try {
    return await new TrialOf(stack, temporary, options).run();
  } catch (thrown) {
    throw new Error(`the trial ended early; logs:\n${stack.logs().slice(-20_000)}`, { cause: thrown });
  } finally {
    await stack.stop();
    rmSync(temporary, { recursive: true, force: true });
  }
}

class TrialOf {
  readonly #stack: Stack;
  readonly #temporary: string;
  readonly #options: TrialOptions;
  readonly #ended: string[] = [];
  readonly #peakRssMib: Record<string, number> = {};

  constructor(stack: Stack, temporary: string, options: TrialOptions) {
    this.#stack = stack;
    this.#temporary = temporary;
    this.#options = options;
  }

  async run(): Promise<Trial> {
    const stack = this.#stack;
    const { seed } = this.#options;
    const before = await finishRun(stack, await startRun(stack, SPEC));
    const known = this.#known(before);
    const documents = await this.#documents(before);
    const hub = await HostileHub.start(
      seed,
      known,
      before.pairs[0]!.dataset,
      sharePerRpc(this.#options.messages),
    );
    stack.addTrainer({ id: 'misled', through: hub.address });
    while (hub.received.size === 0) await sleep(20);
    this.#watchEnds();
    const filesBefore = this.#files();
    const figuresBefore = this.#figures();

    const attacked = await this.#attack(known, hub);

    const { approved, jobs } = await removeHostileRuns(stack, known);
    await hub.beQuiet();
    const figuresAfter = figuresBefore && (await this.#settled(figuresBefore));
    const filesAfter = this.#files();
    const after = await finishRun(stack, await startRun(stack, SPEC));
    const { unreadable } = await callUnary(stack.fetcher, stack.fetcher.listDatasets, {});
    const trial = {
      ...attacked,
      hub: { sent: hub.sent, received: hub.received },
      figures: figuresBefore &&
        figuresAfter && { before: figuresBefore, after: figuresAfter, peakRssMib: this.#peakRssMib },
      ended: [...this.#ended],
      files: { before: filesBefore, after: filesAfter },
      ...{ unreadable, jobs, approved, runs: { before, after } },
      documents: { before: documents, after: await this.#documents(after) },
      logs: stack.logs(),
    };
    await hub.close();
    return trial;
  }

  /** All at the same time: messages to every RPC, broken frames, a flood, downloads that nobody reads. */
  async #attack(
    known: KnownIds,
    hub: HostileHub,
  ): Promise<Pick<Trial, 'session' | 'frames' | 'flood' | 'service' | 'seconds'>> {
    const { seed, messages, framedMethods, flood } = this.#options;
    const { coordinatorAddress: coordinator, fetcherAddress: fetcher } = this.#stack;
    const addresses = { coordinator, fetcher };
    const started = performance.now();
    const steady = new SteadyClient(this.#stack, known.runId);
    const sampling = setInterval(() => this.#sample(), SAMPLE_MS);
    const endDownloads = leaveDownloadsUnread(addresses, known, UNREAD_OF_EACH);
    const [session, frames, flooded] = await Promise.all([
      runHostileSession({ seed, messages, addresses, known }),
      sendBrokenFrames(seed, addresses, framedMethods),
      flood > 0 ? floodOneConnection(coordinator, flood) : { counts: {}, seconds: 0 },
    ]);
    // As many to the trainer as to every RPC of the servers.
    while (hub.sent < sharePerRpc(messages) && this.#ended.length === 0) await sleep(50);
    endDownloads();
    clearInterval(sampling);
    const seconds = Math.round((performance.now() - started) / 1_000);
    return { session, frames, flood: flooded, service: await steady.stop(), seconds };
  }

  #known(run: Run): KnownIds {
    return {
      ...{ runId: run.runId, planHash: run.plan!.planHash, datasetId: run.pairs[0]!.dataset!.datasetId },
      ...{ traceId: run.traceId, started: [], selfApproved: new Set<string>() },
      grantKey: readGrantKey(this.#stack.grantKey),
      plannable: this.#options.plannable,
    };
  }

  async #documents({ runId }: Run): Promise<string[]> {
    const results = await runResults(this.#stack, runId);
    return results.map(({ pair, horizon, documentSha256 }) => `${pair} ${horizon} ${documentSha256}`);
  }

  #watchEnds(): void {
    for (const [name, { exited }] of this.#processes())
      void exited.then((how) => this.#ended.push(`${name}: ${how}`));
  }

  #processes(): [string, Stack['coordinatorProcess']][] {
    const { coordinatorProcess, fetcherProcess, trainers } = this.#stack;
    const processes = [coordinatorProcess, fetcherProcess, trainers[0]!, trainers[1]!];
    return processes.map((process, i) => [PROCESSES[i]!, process]);
  }

  #figures(): Figures | undefined {
    if (!CAN_MEASURE || this.#ended.length > 0) return undefined;
    return Object.fromEntries(
      this.#processes().map(([name, { pid }]) => [name, processFigures(pid)]),
    ) as Figures;
  }

  #sample(): void {
    for (const [name, { rssMib }] of Object.entries(this.#figures() ?? {})) {
      this.#peakRssMib[name] = Math.max(this.#peakRssMib[name] ?? 0, rssMib);
    }
  }

  /** Figures as soon as no more handles and threads are held than before, or after a while. */
  async #settled(before: Figures): Promise<Figures | undefined> {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      const now = this.#figures();
      if (!now || performance.now() > until) return now;
      const isSettled = PROCESSES.every((name) => {
        const { handles, threads } = now[name];
        return (
          handles <= before[name].handles + HANDLE_SLACK && threads <= before[name].threads + HANDLE_SLACK
        );
      });
      if (isSettled) return now;
      await sleep(100);
    }
  }

  /** Paths of all files but logs, and what DuckDB keeps beside its files while it works. */
  #files(): string[] {
    const all = [this.#stack.home, this.#temporary].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)),
    );
    return all.filter((path) => !/^logs\/|\.wal$|\/\.duckdb-tmp-/.test(path)).sort();
  }
}
