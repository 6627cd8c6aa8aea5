import {
  type DatasetRef,
  type FetcherServiceClient,
  FetcherServiceService,
  type FetchPairRequest,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { rpcAttributes, rpcStatus } from '@onescan/process/grpc/rpc-span.js';
import type { Logger } from '@onescan/process/log.js';
import { ATTRIBUTE, datasetAttributes, SPAN } from '@onescan/process/telemetry/attributes.js';
import { traceparentOf } from '@onescan/process/telemetry/tracing.js';
import { type Span, SpanKind } from '@opentelemetry/api';
import { FETCHER_RETRY_WAITS_MS } from '../fetcher/ask-again.js';
import { askDataset } from '../fetcher/ask-dataset.js';
import { readBilled } from '../fetcher/ask-fetcher.js';
import { fetchRequest } from '../fetcher/fetch-request.js';
import { approvedBytes, waitsForMoney } from '../model/approvals.js';
import { type BilledFacts, billedAtMost, billedOf, plannedPair, reservedBytes } from '../model/cost.js';
import type { PairRecord, RunSnapshot } from '../model/run-record.js';
import { pairsInScope, tasksOf } from '../model/run-scope.js';
import type { KeptSpans } from '../runs/kept-spans.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import type { RunBook } from '../runs/run-book.js';
import type { RunChange } from '../runs/run-change.js';
import type { RunTraces } from '../runs/run-traces.js';
import type { Work } from '../runs/work.js';
import { isTaskEnded } from '../states/task-state.js';
import { readUnlocked } from '../store/scoring-table.js';
import { claimedLocked, fail, succeed } from './fetch-outcome.js';

/** What fetching uses. */
export interface FetchParts {
  readonly work: Work;
  readonly book: RunBook;
  readonly traces: RunTraces;
  readonly keptSpans: KeptSpans;
  readonly progress: ProgressBuffer;
  readonly fetcher: FetcherServiceClient;
  readonly log: Logger;
  readonly clock: () => number;
  readonly monotonic: () => number;
  readonly options: { readonly fetchAhead: number };
  /** What approvals are signed with for the fetcher. */
  readonly grantKey: Uint8Array | undefined;
  /** Called, under the lock, after each fetch. */
  readonly advance: () => Promise<void>;
}

/** Fetches the pairs of running runs, a bounded number ahead of training. */
export class PairFetches {
  readonly #parts: FetchParts;
  readonly #underWay = new Map<string, { abort: AbortController; datasetIds: string[] }>();

  constructor(parts: FetchParts) {
    this.#parts = parts;
  }

  /** Asks for the pairs that are due. Called under the lock. */
  async startDue(snapshot: RunSnapshot): Promise<void> {
    const { runId } = snapshot.run;
    const pairs = pairsInScope(snapshot).filter((pair) => hasWork(snapshot, pair));
    for (const pair of pairs) {
      // A fetch from before a restart: asked again, the fetcher answers from its cache or goes on.
      if (pair.state === 'FETCHING' && !this.#underWay.has(fetchKey(runId, pair.pair))) {
        this.#launch(snapshot, pair);
      }
    }
    let ahead = pairs.filter((pair) => isAhead(snapshot, pair)).length;
    let now = snapshot;
    for (const pair of pairs) {
      if (ahead >= this.#parts.options.fetchAhead) return;
      if (pair.state !== 'PENDING' || waitsForMoney(now, pair)) continue;
      now = await this.#parts.book.change(runId, (change) => {
        change.setPair(pair.pair, { state: 'FETCHING', error: '' });
      });
      this.#launch(now, now.pairs.get(pair.pair)!);
      ahead++;
    }
  }

  /** Gives up a run's fetches: all, or one pair's. */
  abort(runId: string, pair?: string): void {
    for (const [key, { abort, datasetIds }] of this.#underWay) {
      if (pair === undefined ? !key.startsWith(`${runId}/`) : key !== fetchKey(runId, pair)) continue;
      abort.abort();
      for (const datasetId of datasetIds) {
        this.#parts.work.background(`cancel fetch ${key}`, () => this.#cancel(datasetId));
      }
    }
  }

  /** Leaving the stream is not enough: the fetcher would think that this coordinator will be back. */
  async #cancel(datasetId: string): Promise<void> {
    const { fetcher } = this.#parts;
    await callUnary(fetcher, fetcher.cancelFetch, { datasetId });
  }

  #launch(snapshot: RunSnapshot, pair: PairRecord): void {
    const { runId } = snapshot.run;
    const key = fetchKey(runId, pair.pair);
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    this.#parts.work.stopping.addEventListener('abort', stop, { once: true });
    const { datasetId } = plannedPair(snapshot, pair.pair);
    const shared = snapshot.run.plan!.shared?.datasetId;
    const underWay = { abort, datasetIds: shared ? [datasetId, shared] : [datasetId] };
    this.#underWay.set(key, underWay);
    this.#parts.work.background(`fetch ${key}`, async () => {
      try {
        await this.#fetch(snapshot, pair, abort.signal);
      } finally {
        if (this.#underWay.get(key) === underWay) this.#underWay.delete(key);
        this.#parts.work.stopping.removeEventListener('abort', stop);
      }
      if (!this.#parts.work.stopping.aborted) await this.#parts.work.exclusive(this.#parts.advance);
    });
  }

  async #fetch(snapshot: RunSnapshot, pair: PairRecord, signal: AbortSignal): Promise<void> {
    const started = this.#parts.monotonic();
    const seconds = (): number => pair.fetchSeconds + (this.#parts.monotonic() - started) / 1000;
    try {
      const dataset = await this.#fetchInSpan(snapshot, pair, signal);
      const billed = await this.#billed(pair, dataset);
      await this.#commit(pair, async () => {
        const unlocked = await this.#unlocked(pair, dataset);
        return (change) => succeed(change, { pair, dataset, unlocked, billed, seconds: seconds() });
      });
    } catch (thrown) {
      if (signal.aborted) return await this.#noteBilled(pair);
      const error = OnescanError.from(thrown);
      this.#parts.log.error(
        { runId: pair.runId, pair: pair.pair, code: error.code, reason: error.text },
        'fetch failed',
      );
      const billed = await this.#billed(pair, undefined);
      await this.#commit(
        pair,
        async () => (change) => fail(change, { pair, error, billed, seconds: seconds() }),
      );
    }
  }

  #fetchInSpan(snapshot: RunSnapshot, pair: PairRecord, signal: AbortSignal): Promise<DatasetRef> {
    const { run } = snapshot;
    const planned = plannedPair(snapshot, pair.pair);
    const attributes = {
      [ATTRIBUTE.runId]: run.runId,
      [ATTRIBUTE.pair]: pair.pair,
      [ATTRIBUTE.bytesEstimated]: Number(planned.bytes),
      ...rpcAttributes(FetcherServiceService.fetchPair.path),
    };
    const options = { attributes, kind: SpanKind.CLIENT };
    const inSpan = (work: (span: Span) => Promise<DatasetRef>): Promise<DatasetRef> =>
      this.#parts.traces.asFetch(run.runId, pair.pair, () =>
        this.#parts.traces.within(run.runId, SPAN.fetch, options, work),
      );
    return inSpan(async (span) => {
      const request = async (): Promise<FetchPairRequest> => ({
        ...fetchRequest(snapshot.run, planned, {
          traceparent: traceparentOf(span),
          grantKey: this.#parts.grantKey,
          nowMs: this.#parts.clock(),
        }),
        remainingBytes: await this.#remainingBytes(pair),
      });
      const dataset = await askDataset(
        this.#parts.fetcher,
        { request, planned, plan: run.plan! },
        {
          signal,
          waitsMs: FETCHER_RETRY_WAITS_MS,
          onProgress: (progress) =>
            this.#parts.progress.put(run.runId, `fetch ${pair.pair}`, {
              $case: 'fetchProgress',
              value: { pair: pair.pair, progress },
            }),
          onSpans: (spans) => this.#parts.keptSpans.received(run, spans),
          onRetry: (error, waitMs) => {
            const { message: reason } = error;
            span.addEvent('retry', { [ATTRIBUTE.reason]: reason });
            this.#parts.log.warn(
              { runId: run.runId, pair: pair.pair, reason, waitMs },
              'asking the fetcher again',
            );
          },
        },
      );
      if (dataset.cached) span.addEvent('cache hit');
      span.setAttributes({ ...datasetAttributes(dataset), ...rpcStatus('OK') });
      return dataset;
    });
  }

  /** What new statements of a pair may bill, given all that the run was billed and may be by other pairs now. */
  async #remainingBytes(pair: PairRecord): Promise<bigint> {
    const { jobs, bytesBilled } = await readBilled(this.#parts.fetcher, pair);
    const snapshot = this.#parts.book.activeRun(pair.runId);
    if (!snapshot) return 0n;
    const others = [...snapshot.pairs.values()].filter((other) => other.pair !== pair.pair);
    const left = approvedBytes(snapshot.run) - reservedBytes(snapshot, others);
    const own = billedAtMost([{ jobs, bytesBilled }]);
    return left > own ? left - own : 0n;
  }

  async #billed(pair: PairRecord, dataset: DatasetRef | undefined): Promise<BilledFacts> {
    try {
      return await readBilled(this.#parts.fetcher, pair);
    } catch (thrown) {
      const { message: reason } = OnescanError.from(thrown);
      this.#parts.log.warn({ pair: pair.pair, reason }, 'the fetcher did not list its statements');
      if (!dataset || dataset.cached) return pair;
      return billedOf({ ...dataset, jobs: pair.jobs });
    }
  }

  /** Keeps what a cancelled fetch was billed, whatever became of its run meanwhile. */
  async #noteBilled(pair: PairRecord): Promise<void> {
    if (this.#parts.work.stopping.aborted) return;
    const billed = await this.#billed(pair, undefined);
    await this.#parts.work.exclusive(async () => {
      await this.#parts.book.change(pair.runId, (change) => change.setPair(pair.pair, billedOf(billed)));
    });
  }

  /** What has scored the locked segment of a dataset, or is about to, by horizon. Called under the lock: two runs see each other. */
  async #unlocked(pair: PairRecord, { contentSha256 }: DatasetRef): Promise<Map<number, string>> {
    const { book } = this.#parts;
    const scored = { contentSha256, pair: pair.pair };
    const before = await book.store.readRunTable((reader) => readUnlocked(reader, scored));
    return new Map([...claimedLocked(book.active(), pair, scored), ...before]);
  }

  /** Commits the outcome of a fetch, unless the pair was cancelled meanwhile. */
  #commit(pair: PairRecord, outcome: () => Promise<(change: RunChange) => void>): Promise<void> {
    return this.#parts.work.exclusive(async () => {
      const current = this.#parts.book.activeRun(pair.runId)?.pairs.get(pair.pair);
      if (current?.state === 'FETCHING') await this.#parts.book.change(pair.runId, await outcome());
    });
  }
}

/** True when a trainer could still use the pair's dataset. */
function hasWork(snapshot: RunSnapshot, pair: PairRecord): boolean {
  return tasksOf(snapshot, pair.pair).some((task) => !isTaskEnded(task.state));
}

/** True when the pair's dataset is there or on its way, and no trainer has taken it up. */
function isAhead(snapshot: RunSnapshot, pair: PairRecord): boolean {
  if (pair.state === 'FETCHING') return true;
  if (pair.state !== 'FETCHED') return false;
  return tasksOf(snapshot, pair.pair).every((task) => task.state !== 'LEASED' && task.state !== 'DONE');
}

function fetchKey(runId: string, pair: string): string {
  return `${runId}/${pair}`;
}
