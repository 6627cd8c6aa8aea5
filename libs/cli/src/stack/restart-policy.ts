/** How often one service may be started again. */
export interface RestartLimits {
  /** Restarts within `withinMs` before the service is given up; 0 for none. */
  readonly most: number;
  readonly withinMs: number;
  /** Wait before the first restart; it doubles with each one within `withinMs`. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** Five restarts in ten minutes, after 1, 2, 4, 8 and 16 s: a coordinator asks a fetcher again for two minutes. */
export const DEFAULT_RESTARTS: RestartLimits = {
  most: 5,
  withinMs: 600_000,
  firstWaitMs: 1_000,
  longestWaitMs: 30_000,
};

/** Decides whether and when a service that ended by itself is started again. Knows no clock: times are given. */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  #restarts: number[] = [];

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  /** Restarts that count at a time, in milliseconds on a clock that never goes back. */
  recent(nowMs: number): number {
    return this.#restarts.filter((at) => nowMs - at < this.#limits.withinMs).length;
  }

  /** Milliseconds to wait before the restart, which counts from now on; undefined when there were too many. */
  next(nowMs: number): number | undefined {
    const { most, withinMs, firstWaitMs, longestWaitMs } = this.#limits;
    this.#restarts = this.#restarts.filter((at) => nowMs - at < withinMs);
    const before = this.#restarts.length;
    if (before >= most) return undefined;
    this.#restarts.push(nowMs);
    return Math.min(longestWaitMs, firstWaitMs * 2 ** before);
  }
}
