/** Parts of the limit in which silence is counted. */
const TICKS = 8;

export interface SilenceTimerOptions {
  readonly limitMs: number;
  /** True while somebody waits for a message: all other time is not the sender's. */
  isAwaited(): boolean;
  onSilence(): void;
}

/**
 * Notices that nothing was heard for a while in which a message was waited for. Time in which the process itself
 * did not run, as on a machine that was asleep, counts one tick at most.
 */
export class SilenceTimer {
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  constructor({ limitMs, isAwaited, onSilence }: SilenceTimerOptions) {
    this.#timer = setInterval(() => {
      if (!isAwaited() || ++this.#ticks < TICKS) return;
      this.stop();
      onSilence();
    }, limitMs / TICKS);
    this.#timer.unref();
  }

  heard(): void {
    this.#ticks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
