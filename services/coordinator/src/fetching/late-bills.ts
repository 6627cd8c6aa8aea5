import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { Core } from '../core.js';
import { type BilledFacts, billedOf, readBilled } from '../fetcher/fetch-dataset.js';
import type { PairRecord, RunSnapshot } from '../model/run-record.js';
import { reportRun } from '../report/report-run.js';
import { isEnded } from '../states/run-state.js';

/** How often bills are asked for that were not known when their fetch ended. */
export const LATE_BILLS_MS = 60_000;
/** Somebody who looks at a run asks more often. */
const ASKED_MS = 2_000;
/** Older runs are asked about no more: BigQuery remembers jobs for half a year, people do not. */
const MAX_AGE_MS = 14 * 86_400_000;

/**
 * Learns what statements were billed whose bills were not known when their fetch ended: a job that was cancelled, or
 * whose fetcher died, may be billed all the same. The run's records and its report are corrected.
 */
export class LateBills {
  readonly #core: Core;
  readonly #asked = new Map<string, number>();
  #looking = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Looks after all runs that lack a bill, in the background. */
  lookAll(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#core.background('late bills', async () => {
      try {
        const since = this.#core.clock() - MAX_AGE_MS;
        for (const runId of await this.#core.book.store.readRunsOfUnknownBills(since))
          await this.#look(runId);
      } finally {
        this.#looking = false;
      }
    });
  }

  /** Looks after a run that somebody asks for, in the background. */
  lookAt(snapshot: RunSnapshot): void {
    const { runId } = snapshot.run;
    const now = this.#core.monotonic();
    if (now - (this.#asked.get(runId) ?? -ASKED_MS) < ASKED_MS || overdue(snapshot).length === 0) return;
    this.#asked.set(runId, now);
    this.#core.background(`bills of ${runId}`, () => this.#look(runId));
  }

  async #look(runId: string): Promise<void> {
    for (const pair of overdue(await this.#core.book.get(runId))) {
      try {
        await this.#note(pair, await readBilled(this.#core.fetcher, pair));
      } catch (thrown) {
        const reason = OnescanError.from(thrown).message;
        this.#core.log.warn({ runId, pair: pair.pair, reason }, 'a bill is still not known');
        return;
      }
    }
  }

  async #note({ runId, pair }: PairRecord, billed: BilledFacts): Promise<void> {
    const { book, log } = this.#core;
    const after = await this.#core.exclusive(async () => {
      const current = (await book.get(runId)).pairs.get(pair);
      if (!current || current.state === 'FETCHING' || unknown(billed) >= unknown(current)) return undefined;
      return book.change(runId, (change) => change.setPair(pair, billedOf(billed)));
    });
    if (!after) return;
    log.info({ runId, pair, bytesBilled: Number(billed.bytesBilled) }, 'a bill has come late');
    if (isEnded(after.run.state) && after.run.reportPath !== '') await reportRun(this.#core, after);
  }
}

/** Pairs that are not being fetched and lack a bill. */
function overdue({ pairs }: RunSnapshot): PairRecord[] {
  return [...pairs.values()].filter((pair) => pair.state !== 'FETCHING' && unknown(pair) > 0);
}

function unknown({ jobs }: Pick<BilledFacts, 'jobs'>): number {
  return jobs.filter(({ billingUnknown }) => billingUnknown).length;
}
