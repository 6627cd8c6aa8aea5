import type { RunBook } from '../runs/run-book.js';
import { sameAttempt } from './attempt.js';
import type { AttemptOutcomes } from './attempt-outcomes.js';
import type { TrainerRegistry } from './trainer-registry.js';

/** Checks for lost trainers per lease: silence is noticed within the lease, not up to a check after it. */
const CHECKS_PER_LEASE = 20;

/** A trainer that stays away may be noticed a quarter of the grace later. */
const CHECKS_PER_GRACE = 4;

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly reconnectGraceMs: number;
}

/** Time between two checks of the leases, in milliseconds. */
export function leaseCheckMs({ leaseMs, reconnectGraceMs }: LeaseTimes): number {
  const soonest = Math.min(leaseMs / CHECKS_PER_LEASE, reconnectGraceMs / CHECKS_PER_GRACE);
  return Math.max(10, Math.floor(soonest));
}

/** What leases are watched with. */
export interface WatchParts {
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly outcomes: AttemptOutcomes;
  readonly monotonic: () => number;
  readonly options: LeaseTimes;
}

/** Notices trainers that are lost, every {@link leaseCheckMs}. */
export class LeaseWatch {
  readonly #parts: WatchParts;
  readonly #checkMs: number;
  #lastCheckMs: number;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#checkMs = leaseCheckMs(parts.options);
    this.#lastCheckMs = parts.monotonic();
  }

  /** Takes back tasks whose trainer fell silent or is not known to have them. Called under the lock. */
  async takeBack(): Promise<void> {
    const { registry, book, outcomes } = this.#parts;
    // Also here: a stall while this waited for the lock may end before any timer is due or message is read.
    this.forgiveOwnStall();
    for (const { trainer, lost } of registry.takeLost()) await outcomes.returned(trainer.trainerId, lost);
    for (const { tasks } of book.active()) {
      for (const task of tasks.values()) {
        const current = registry.get(task.trainerId)?.current;
        if (task.state !== 'LEASED' || (current && sameAttempt(current.attempt, task))) continue;
        const reason = `trainer ${task.trainerId} is not known to have it`;
        await outcomes.returned(task.trainerId, { attempt: task, kind: 'LOST', reason });
      }
    }
  }

  /** A check that comes late says that this process stood still, not that trainers did. Also called without the lock. */
  forgiveOwnStall(): void {
    const { registry, monotonic } = this.#parts;
    const now = monotonic();
    const lateMs = now - this.#lastCheckMs - this.#checkMs;
    this.#lastCheckMs = now;
    if (lateMs > this.#checkMs) registry.forgive(lateMs);
  }
}
