import { SchedulingPolicy } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { RunSnapshot } from '../model/run-record.js';
import { isScopeEnded, pairsInScope, tasksOf } from '../model/run-scope.js';

/** Runs, and how many trainers may work on them in all. */
export interface DemandParts {
  readonly book: { active(): readonly RunSnapshot[] };
  readonly options: { readonly maxWorkers: number };
}

/** How much work there is for trainers, for whoever starts and stops them. */
export class Demand {
  readonly #parts: DemandParts;
  readonly #watchers = new Set<() => void>();
  #stopped = false;

  constructor(parts: DemandParts) {
    this.#parts = parts;
  }

  /** Whether any run has work, be it that its datasets are still being fetched. */
  get isActive(): boolean {
    return running(this.#parts.book.active()).some((run) => !isScopeEnded(run));
  }

  /**
   * Horizons that wait for a trainer and those that trainers work on: without the latter busy trainers would be taken
   * away as the queue becomes shorter. No more are counted than the trainers can take that a run, and all runs
   * together, may have.
   *
   * @param perTrainer horizons for which there shall be one trainer
   */
  horizons(perTrainer: number): number {
    const most = this.#parts.options.maxWorkers;
    const counts = running(this.#parts.book.active()).map((snapshot) =>
      Math.min(countHorizons(snapshot), Math.min(snapshot.run.spec.maxWorkers, most) * perTrainer),
    );
    return Math.min(
      counts.reduce((sum, count) => sum + count, 0),
      most * perTrainer,
    );
  }

  /** Tells the watchers when something has changed. Called after each step of the runs. */
  update(): void {
    for (const wake of this.#watchers) wake();
  }

  /** Whether there is work: at once, and whenever that changes, until stopped or aborted. */
  async *watch(signal: AbortSignal): AsyncGenerator<boolean> {
    let told: boolean | undefined;
    while (!signal.aborted && !this.#stopped) {
      const next = this.#nextUpdate(signal);
      const now = this.isActive;
      if (now !== told) yield now;
      told = now;
      await next;
    }
  }

  /** Ends all watches. */
  stop(): void {
    this.#stopped = true;
    this.update();
  }

  #nextUpdate(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#watchers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#watchers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

function running(active: readonly RunSnapshot[]): RunSnapshot[] {
  return active.filter(({ run }) => run.state === 'RUNNING');
}

function countHorizons(snapshot: RunSnapshot): number {
  const open = pairsInScope(snapshot)
    .flatMap(({ pair }) => tasksOf(snapshot, pair))
    .filter(({ state }) => state === 'READY' || state === 'LEASED');
  const { schedulingPolicy } = snapshot.run.spec;
  if (schedulingPolicy !== SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME) return open.length;
  const inWork = open.find(({ state }) => state === 'LEASED') ?? open[0];
  return open.filter(({ pair }) => pair === inWork?.pair).length;
}
