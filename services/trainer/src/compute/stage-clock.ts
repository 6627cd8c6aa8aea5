import { preciseNowMs } from '@onescan/process/telemetry/tracing.js';
import type { ComputeEvent, ComputeStage, StageFacts } from './compute-protocol.js';

/** Share of a task's time that each stage usually takes; for the fraction in progress only. */
const STAGE_SHARE: readonly (readonly [ComputeStage, number])[] = [
  ['load', 0.1],
  ['prune', 0.05],
  ['select', 0.35],
  ['model', 0.4],
  ['explain', 0.1],
];

/** Least time between two progress messages, in milliseconds. */
const PROGRESS_INTERVAL_MS = 250;

/** Times the stages of one task and tells of them. Clocks end here: no result depends on them. */
export class StageClock {
  readonly #tell: (event: ComputeEvent) => void;
  readonly #started = new Map<ComputeStage, number>();
  readonly #seconds: Record<string, number> = {};
  #fraction = 0;
  #toldAt = -Infinity;

  constructor(tell: (event: ComputeEvent) => void) {
    this.#tell = tell;
  }

  /** Seconds by stage, of stages that have ended. */
  get seconds(): Record<string, number> {
    return { ...this.#seconds };
  }

  start(stage: ComputeStage, facts: StageFacts = {}): void {
    this.#started.set(stage, performance.now());
    this.#tell({ kind: 'stage', stage, event: 'start', at: preciseNowMs(), facts });
    this.#progress(stage, 0, true);
  }

  end(stage: ComputeStage, facts: StageFacts = {}): void {
    const now = performance.now();
    const since = this.#started.get(stage) ?? now;
    this.#started.delete(stage);
    this.#seconds[stage] = (this.#seconds[stage] ?? 0) + (now - since) / 1000;
    this.#tell({ kind: 'stage', stage, event: 'end', at: preciseNowMs(), facts });
  }

  /** @param fraction of the stage, 0 to 1 */
  progress(stage: ComputeStage, fraction: number): void {
    this.#progress(stage, fraction, false);
  }

  #progress(stage: ComputeStage, fraction: number, always: boolean): void {
    const now = performance.now();
    if (!always && now - this.#toldAt < PROGRESS_INTERVAL_MS) return;
    this.#toldAt = now;
    this.#fraction = Math.max(this.#fraction, taskFraction(stage, fraction));
    this.#tell({ kind: 'progress', stage, fraction: this.#fraction });
  }
}

/** Fraction of the whole task when `fraction` of a stage is done. */
export function taskFraction(stage: ComputeStage, fraction: number): number {
  let before = 0;
  for (const [name, share] of STAGE_SHARE) {
    if (name === stage) return before + share * Math.min(1, Math.max(0, fraction));
    before += share;
  }
  return before;
}
