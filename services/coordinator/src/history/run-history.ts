import { rm } from 'node:fs/promises';
import type {
  ListRunsRequest,
  ListRunsResponse,
  Run,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { AuditLog } from '@onescan/process/audit/audit-log.js';
import type { Logger } from '@onescan/process/log.js';
import { ownRemoval } from '../model/own-acts.js';
import type { RestTerms } from '../runs/pilot-report.js';
import type { RunBook } from '../runs/run-book.js';
import { runView } from '../runs/run-view.js';
import type { Work } from '../runs/work.js';
import { runFolder } from '../store/run-folder.js';
import { type ListedRun, listRuns, readRunsEndedBefore } from '../store/run-table.js';
import { parseRunFilter } from './run-filter.js';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;
const MAX_ORDINAL = 2n ** 62n;

const DAY_MS = 86_400_000;

/** How often it is looked for runs and events that are kept no longer, in milliseconds. */
export const RETENTION_MS = 3_600_000;

/** What lists and removal of runs use. */
export interface HistoryParts {
  readonly work: Work;
  readonly book: RunBook;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly clock: () => number;
  readonly options: {
    readonly stateDir: string;
    readonly keepRunDays: number;
    readonly keepEvents: number;
    readonly keepEventDays: number;
  };
  readonly restTerms: () => RestTerms;
}

/** Runs as a whole: lists of them, and their removal and that of their events. */
export class RunHistory {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /**
   * A page of runs in brief, the newest first.
   *
   * @throws OnescanError INVALID_ARGUMENT for a filter, size or token that is not one
   */
  async list(request: ListRunsRequest): Promise<ListRunsResponse> {
    const { pageSize = 0, pageToken = '', filter = '' } = request;
    if (pageSize > MAX_PAGE) throw invalid('page_size', `is ${pageSize}, at most ${MAX_PAGE}`);
    const size = pageSize || DEFAULT_PAGE;
    const condition = parseRunFilter(filter);
    const before = pageToken === '' ? MAX_ORDINAL : ordinalOf(pageToken, filter);
    const { runs, total } = await this.#parts.book.store.readRunTable((reader) =>
      listRuns(reader, condition, { before, size }),
    );
    const last = runs.length === size ? runs.at(-1) : undefined;
    return {
      runs: runs.map((listed) => this.#brief(listed)),
      nextPageToken: last ? tokenOf(last.ordinal, filter) : '',
      totalSize: total,
    };
  }

  /**
   * Removes a run that has ended, with its results, ledger, report and SHAP files.
   *
   * @throws OnescanError NOT_FOUND, FAILED_PRECONDITION while it goes on
   */
  async delete(runId: string): Promise<void> {
    const { book, options, log } = this.#parts;
    await this.#parts.work.exclusive(async () => {
      const { run } = await book.get(runId);
      if (book.activeRun(runId)) {
        throw new OnescanError('FAILED_PRECONDITION', `run ${runId} is ${run.state}: it is not over`, {
          remedy: `Cancel it first: onescan cancel ${runId}`,
        });
      }
      const folder = runFolder(options.stateDir, run.runId);
      await book.store.deleteRun(runId);
      await rm(folder, { recursive: true, force: true });
    });
    log.info({ runId }, 'run deleted');
  }

  /** Removes runs that ended more than `keepRunDays` ago; 0 keeps all. */
  async prune(): Promise<void> {
    const { audit, book, options, clock } = this.#parts;
    if (options.keepRunDays === 0) return;
    const before = clock() - options.keepRunDays * DAY_MS;
    const old = await book.store.readRunTable((reader) => readRunsEndedBefore(reader, before));
    for (const runId of old) {
      audit.append(ownRemoval(runId, options.keepRunDays));
      await this.delete(runId);
    }
  }

  /**
   * Removes events that are kept no longer: of every run all but its newest, of a run that ended long ago all but
   * its last. What is removed is always the beginning, so that the numbers of the rest have no gap; whoever asks
   * for what is gone is told so. Results, ledgers and reports are kept. Called under the lock.
   */
  async pruneEvents(): Promise<void> {
    const { book, options, clock, log } = this.#parts;
    const { keepEvents, keepEventDays } = options;
    const endedBeforeMs = clock() - keepEventDays * DAY_MS;
    const removed = await book.store.deleteOldEvents({ keep: keepEvents, endedBeforeMs });
    if (removed > 0) log.info({ removed }, 'removed old events');
  }

  #brief({ run, tasksDone, tasksTotal, statementsRun, bytesBilled, usd }: ListedRun): Run {
    const live = { ...this.#parts.restTerms(), tasks: new Map<string, never>() };
    const view = runView({ run, pairs: new Map(), tasks: new Map() }, live);
    return { ...view, tasksDone, tasksTotal, statementsRun, bytesBilled, usdBilled: usd };
  }
}

/** Where a page ends, and the filter that it was made with. */
function tokenOf(ordinal: bigint, filter: string): string {
  return Buffer.from(JSON.stringify([ordinal.toString(), filter])).toString('base64url');
}

function ordinalOf(token: string, filter: string): bigint {
  try {
    const [ordinal, before] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (before === filter && typeof ordinal === 'string' && /^\d{1,18}$/.test(ordinal))
      return BigInt(ordinal);
  } catch {
    // Not a token of ours either.
  }
  throw invalid('page_token', 'is not the next_page_token of a page with this filter');
}

function invalid(field: string, what: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${field} ${what}`, { details: { field } });
}
