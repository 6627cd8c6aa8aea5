import type { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Logger } from '@onescan/process/log.js';
import { readBilled } from '../fetcher/ask-fetcher.js';
import { type BilledFacts, billedOf } from '../model/cost.js';
import type { PairRecord, RunSnapshot } from '../model/run-record.js';
import { type ReportParts, reportRun } from '../report/report-run.js';
import type { Work } from '../runs/work.js';
import { isEnded } from '../states/run-state.js';

/** How often bills are asked for that were not known when their fetch ended. */
export const LATE_BILLS_MS = 60_000;
/** Somebody who looks at a run asks more often. */
const ASKED_MS = 2_000;
/** Older runs are asked about no more: BigQuery remembers jobs for half a year, people do not. */
const MAX_AGE_MS = 14 * 86_400_000;

/** What late bills use. */
export interface BillParts extends ReportParts {
  readonly work: Work;
  readonly fetcher: FetcherServiceClient;
  readonly log: Logger;
  readonly clock: () => number;
  readonly monotonic: () => number;
}

/**
 * Learns what statements were billed whose bills were not known when their fetch ended: a job that was cancelled, or
 * whose fetcher died, may be billed all the same. The run's records and its report are corrected.
 */
export class LateBills {
  readonly #parts: BillParts;
  readonly #asked = new Map<string, number>();
  #looking = false;

  constructor(parts: BillParts) {
    this.#parts = parts;
  }

  /** Looks after all runs that lack a bill, in the background. */
  lookAll(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#parts.work.background('late bills', async () => {
      try {
        const since = this.#parts.clock() - MAX_AGE_MS;
        for (const runId of await this.#parts.book.store.readRunsOfUnknownBills(since))
          await this.#look(runId);
      } finally {
        this.#looking = false;
      }
    });
  }

  /** Looks after a run that somebody asks for, in the background. */
  lookAt(snapshot: RunSnapshot): void {
    const { runId } = snapshot.run;
    const now = this.#parts.monotonic();
    if (now - (this.#asked.get(runId) ?? -ASKED_MS) < ASKED_MS || overdue(snapshot).length === 0) return;
    this.#asked.set(runId, now);
    this.#parts.work.background(`bills of ${runId}`, () => this.#look(runId));
  }

  async #look(runId: string): Promise<void> {
    for (const pair of overdue(await this.#parts.book.get(runId))) {
      try {
        await this.#note(pair, await readBilled(this.#parts.fetcher, pair));
      } catch (thrown) {
        const reason = OnescanError.from(thrown).message;
        this.#parts.log.warn({ runId, pair: pair.pair, reason }, 'a bill is still not known');
        return;
      }
    }
  }

  async #note({ runId, pair }: PairRecord, billed: BilledFacts): Promise<void> {
    const { book, log } = this.#parts;
    const after = await this.#parts.work.exclusive(async () => {
      const current = (await book.get(runId)).pairs.get(pair);
      if (!current || current.state === 'FETCHING' || unknown(billed) >= unknown(current)) return undefined;
      return book.change(runId, (change) => change.setPair(pair, billedOf(billed)));
    });
    if (!after) return;
    log.info({ runId, pair, bytesBilled: Number(billed.bytesBilled) }, 'a bill has come late');
    if (isEnded(after.run.state) && after.run.reportPath !== '') await reportRun(this.#parts, after);
  }
}

/** Pairs that are not being fetched and lack a bill. */
function overdue({ pairs }: RunSnapshot): PairRecord[] {
  return [...pairs.values()].filter((pair) => pair.state !== 'FETCHING' && unknown(pair) > 0);
}

function unknown({ jobs }: Pick<BilledFacts, 'jobs'>): number {
  return jobs.filter(({ billingUnknown }) => billingUnknown).length;
}
