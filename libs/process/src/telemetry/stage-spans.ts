import type { Attributes, Context } from '@opentelemetry/api';
import { failSpan, preciseNowMs, tracer } from './tracing.js';

/** Stages that are told apart; of work that goes back and forth the latest are one. */
const MOST_STAGES = 200;

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

  /** Writes a span a stage below `parent`; what is thrown marks the last. */
  end(parent: Context, attributes: Attributes, thrown?: unknown): void {
    const endMs = preciseNowMs();
    for (const [i, { name, startMs }] of this.#stages.entries()) {
      const span = tracer().startSpan(name, { startTime: startMs, attributes }, parent);
      const next = this.#stages[i + 1];
      if (!next && thrown !== undefined) failSpan(span, thrown);
      span.end(next?.startMs ?? endMs);
    }
    this.#stages.length = 0;
  }
}
