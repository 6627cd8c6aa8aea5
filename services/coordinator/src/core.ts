import { join } from 'node:path';
import { readGrantKey } from '@onescan/shared/fetch-grant.js';
import type { FetcherServiceClient } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import type { Logger } from '@onescan/shared/log.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { readOrCreateSecret } from '@onescan/shared/secret-file.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { LeaseTokens } from './hub/lease-tokens.js';
import type { TrainerRegistry } from './hub/trainer-registry.js';
import type { ProgressBuffer } from './runs/progress-buffer.js';
import type { RunBook } from './runs/run-book.js';
import { outsideSpans, type RunTraces } from './runs/run-traces.js';
import { Serial } from './store/serial.js';
import { TaskFiles } from './store/task-files.js';

/** File in the state folder with what lease tokens are made from. */
const LEASE_SECRET = 'lease.key';

export interface CoreParts {
  options: CoordinatorOptions;
  log: Logger;
  /** The time of day in milliseconds, for what people read; it may jump. */
  clock: () => number;
  /** Milliseconds for durations; never goes back. */
  monotonic: () => number;
  book: RunBook;
  registry: TrainerRegistry;
  traces: RunTraces;
  progress: ProgressBuffer;
  fetcher: FetcherServiceClient;
}

/**
 * What the stages of the coordinator share: the parts, the one lock under which all state changes, and
 * work that goes on outside the lock.
 */
export class Core {
  readonly options: CoordinatorOptions;
  readonly log: Logger;
  readonly clock: () => number;
  readonly monotonic: () => number;
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly traces: RunTraces;
  readonly progress: ProgressBuffer;
  readonly fetcher: FetcherServiceClient;
  readonly taskFiles: TaskFiles;
  readonly leaseTokens: LeaseTokens;
  /** What approvals are signed with for the fetcher. */
  readonly grantKey: Uint8Array | undefined;
  readonly #lock = new Serial();
  readonly #background = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: CoreParts) {
    this.options = parts.options;
    this.log = parts.log;
    this.clock = parts.clock;
    this.monotonic = parts.monotonic;
    this.book = parts.book;
    this.registry = parts.registry;
    this.traces = parts.traces;
    this.progress = parts.progress;
    this.fetcher = parts.fetcher;
    this.taskFiles = new TaskFiles(parts.options.stateDir);
    const { grantKey } = parts.options;
    this.grantKey = grantKey === undefined ? undefined : readGrantKey(grantKey);
    this.leaseTokens = new LeaseTokens(readOrCreateSecret(join(parts.options.stateDir, LEASE_SECRET)));
  }

  /** Aborted when the coordinator shuts down. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Runs `fn` alone among all state changes. Must not be called from within itself.
   *
   * @throws OnescanError UNAVAILABLE during shutdown
   */
  exclusive<T>(fn: () => Promise<T>): Promise<T> {
    return this.#lock.run(() => {
      if (this.stopping.aborted) throw new OnescanError('UNAVAILABLE', 'the coordinator is shutting down');
      return fn();
    });
  }

  /** Starts work that nobody waits for; it runs outside the caller's spans and its errors are logged. */
  background(what: string, fn: () => Promise<void>): void {
    const work = outsideSpans(fn)
      .catch((thrown: unknown) => {
        if (!this.stopping.aborted) this.log.error({ err: thrown, what }, 'background work failed');
      })
      .finally(() => this.#background.delete(work));
    this.#background.add(work);
  }

  /** Refuses further changes and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#lock.idle();
    await Promise.all([...this.#background]);
  }
}
