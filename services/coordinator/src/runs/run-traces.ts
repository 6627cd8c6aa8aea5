import { ATTRIBUTE, SPAN } from '@onescan/shared/telemetry/attributes.js';
import {
  contextFromTraceparent,
  failSpan,
  traceparentOf,
  tracer,
} from '@onescan/shared/telemetry/tracing.js';
import { type Context, context, type Span, trace } from '@opentelemetry/api';

interface OpenTrace {
  root: Span;
  pairs: Map<string, Span>;
}

/**
 * The spans of the runs in this process: `run` at the root, `train_pair` for each pair. Parents are always
 * given explicitly, so no span hangs off a long-lived stream. After a restart a run's spans go on in the
 * same trace, under the root's stored traceparent.
 */
export class RunTraces {
  readonly #open = new Map<string, OpenTrace>();

  /** Opens a run's root span; `earlier` is the stored traceparent of a run from before a restart. */
  start(runId: string, earlier = ''): string {
    const root = tracer().startSpan(
      SPAN.run,
      { attributes: { [ATTRIBUTE.runId]: runId } },
      contextFromTraceparent(earlier),
    );
    this.#open.set(runId, { root, pairs: new Map() });
    return earlier || traceparentOf(root);
  }

  /** Context whose spans become children of the run's root. */
  context(runId: string): Context {
    const root = this.#open.get(runId)?.root;
    return root ? trace.setSpan(contextFromTraceparent(''), root) : contextFromTraceparent('');
  }

  /** Traceparent of a pair's `train_pair` span, opened when the pair's first task is assigned. */
  trainPair(runId: string, pair: string): string {
    const opened = this.#open.get(runId);
    if (!opened) return '';
    let span = opened.pairs.get(pair);
    if (!span) {
      const attributes = { [ATTRIBUTE.runId]: runId, [ATTRIBUTE.pair]: pair };
      span = tracer().startSpan(SPAN.trainPair, { attributes }, this.context(runId));
      opened.pairs.set(pair, span);
    }
    return traceparentOf(span);
  }

  /** Ends a pair's span: its last task has ended. */
  endPair(runId: string, pair: string): void {
    const pairs = this.#open.get(runId)?.pairs;
    pairs?.get(pair)?.end();
    pairs?.delete(pair);
  }

  /** Ends all spans of a run, the root last; `problem` marks the root as failed. */
  end(runId: string, facts: { attributes: Record<string, string | number>; problem?: string }): void {
    const opened = this.#open.get(runId);
    if (!opened) return;
    for (const span of opened.pairs.values()) span.end();
    opened.root.setAttributes(facts.attributes);
    if (facts.problem !== undefined) failSpan(opened.root, new Error(facts.problem));
    opened.root.end();
    this.#open.delete(runId);
  }

  /** Ends what is open, for a shutdown: the runs go on in the next process. */
  close(): void {
    for (const runId of [...this.#open.keys()]) this.end(runId, { attributes: {} });
  }
}

/** Runs `fn` outside every span: for work that requests trigger but do not own. */
export function outsideSpans<T>(fn: () => T): T {
  return context.with(contextFromTraceparent(''), fn);
}
