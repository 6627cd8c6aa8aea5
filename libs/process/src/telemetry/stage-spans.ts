import type { Attributes, Context } from '@opentelemetry/api';
import { failSpan, preciseNowMs, tracer } from './tracing.js';

/** Stages that are told apart; of work that goes back and forth the latest are one. */
const MOST_STAGES = 200;

/** A stage that has ended. */
export interface TimedStage {
  readonly name: string;
  readonly seconds: number;
}

interface Stage {
  readonly name: string;
  readonly startMs: number;
}

/**
 * The stages of one piece of work that follow each other. Their spans are made at its end: of a process that is killed
 * before, no span is left without its parent.
 */
export class StageSpans {
  readonly #stages: Stage[] = [];

  /** The work is in a stage now; does nothing when it was before. */
  enter(name: string): void {
    if (this.#stages.at(-1)?.name === name || this.#stages.length >= MOST_STAGES) return;
    this.#stages.push({ name, startMs: preciseNowMs() });
  }

  /** Forgets the stages: whoever asked for the work has left. */
  drop(): void {
    this.#stages.length = 0;
  }

  /**
   * Writes a span a stage below `parent`; what is thrown marks the last.
   *
   * @returns the stages in their order
   */
  end(parent: Context, attributes: Attributes, thrown?: unknown): TimedStage[] {
    const endMs = preciseNowMs();
    const timed = this.#stages.map(({ name, startMs }, i) => {
      const span = tracer().startSpan(name, { startTime: startMs, attributes }, parent);
      const next = this.#stages[i + 1];
      if (!next && thrown !== undefined) failSpan(span, thrown);
      const stageEndMs = next?.startMs ?? endMs;
      span.end(stageEndMs);
      return { name, seconds: (stageEndMs - startMs) / 1_000 };
    });
    this.#stages.length = 0;
    return timed;
  }
}
