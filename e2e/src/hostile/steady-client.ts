import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import type { Stack } from '../stack.js';

/** What a client that behaves had to wait for, in milliseconds. */
export interface Service {
  readonly calls: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** What it was refused or answered wrongly. */
  readonly failures: readonly string[];
}

const PAUSE_MS = 200;

/**
 * Asks both services for what somebody who looks at a run would, time and again, on connections of its own, and
 * compares the answers.
 */
export class SteadyClient {
  readonly #waits: number[] = [];
  readonly #failures: string[] = [];
  readonly #coordinator: CoordinatorServiceClient;
  readonly #fetcher: FetcherServiceClient;
  readonly #runId: string;
  #isOver = false;
  readonly #asking: Promise<void>;

  constructor({ coordinatorAddress, fetcherAddress }: Stack, runId: string) {
    const own = { 'grpc.use_local_subchannel_pool': 1 };
    this.#coordinator = createClient(CoordinatorServiceClient, coordinatorAddress, own);
    this.#fetcher = createClient(FetcherServiceClient, fetcherAddress, own);
    this.#runId = runId;
    this.#asking = this.#ask();
  }

  async stop(): Promise<Service> {
    this.#isOver = true;
    await this.#asking;
    this.#coordinator.close();
    this.#fetcher.close();
    const waits = this.#waits.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(waits[Math.floor((waits.length - 1) * share)] ?? Number.NaN);
    return {
      calls: waits.length,
      medianMs: at(0.5),
      p99Ms: at(0.99),
      longestMs: at(1),
      failures: this.#failures,
    };
  }

  async #ask(): Promise<void> {
    const runId = this.#runId;
    const [coordinator, fetcher] = [this.#coordinator, this.#fetcher];
    while (!this.#isOver) {
      await this.#timed(
        'GetRun',
        async () => (await callUnary(coordinator, coordinator.getRun, { runId })).run?.runId === runId,
      );
      await this.#timed('ListTrainers', async () =>
        (await callUnary(coordinator, coordinator.listTrainers, {})).trainers.some(
          ({ trainerId, connected }) => trainerId === 'trainer-1' && connected,
        ),
      );
      await this.#timed('GetResults', async () => {
        for await (const { horizon } of callServerStream(coordinator, coordinator.getResults, { runId })) {
          return horizon > 0;
        }
        return false;
      });
      await this.#timed(
        'ListDatasets',
        async () => (await callUnary(fetcher, fetcher.listDatasets, {})).datasets.length > 0,
      );
      await this.#timed(
        'ListQueryJobs',
        async () => (await callUnary(fetcher, fetcher.listQueryJobs, { runId })).jobs.length > 0,
      );
      await sleep(PAUSE_MS);
    }
  }

  async #timed(what: string, asks: () => Promise<boolean>): Promise<void> {
    const started = performance.now();
    try {
      if (!(await asks())) this.#failures.push(`${what}: another answer than before`);
    } catch (thrown) {
      this.#failures.push(`${what}: ${thrown}`);
    }
    this.#waits.push(performance.now() - started);
  }
}
