import { TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { isNoted } from './log-trace.js';
import { LOSSES } from './losses.js';
import { unsentSpans } from './unsent-spans.js';

/** Traces whose spans are kept; those of whoever was heard of longest ago are dropped for more. */
const MOST_TRACES = 64;
/** Spans of a trace that wait to be taken; the oldest are dropped for more. */
const MOST_SPANS = 2_000;

/** Keeps the spans of this process, by trace, until they are taken: what a run's own file of spans is made of. */
export class SpanTap implements SpanProcessor {
  readonly #traces = new Map<string, ReadableSpan[]>();
  readonly #wants: (traceId: string) => boolean;

  /** @param wants whether the spans of a trace are kept; default all */
  constructor(wants: (traceId: string) => boolean = () => true) {
    this.#wants = wants;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { traceId, traceFlags } = span.spanContext();
    if ((traceFlags & TraceFlags.SAMPLED) === 0 || !this.#wants(traceId)) return;
    const spans = this.#traces.get(traceId) ?? [];
    // The newest trace stands last.
    this.#traces.delete(traceId);
    this.#traces.set(traceId, spans);
    spans.push(span);
    if (spans.length > MOST_SPANS) {
      spans.shift();
      LOSSES.runFile++;
    }
    const [oldest] = this.#traces.keys();
    if (this.#traces.size <= MOST_TRACES || oldest === undefined) return;
    LOSSES.runFile += this.#traces.get(oldest)!.length;
    this.#traces.delete(oldest);
  }

  /** The spans of a trace that have ended since they were last taken, as OTLP JSON; empty when there are none. */
  take(traceId: string): Uint8Array {
    const spans = this.#traces.get(traceId);
    this.#traces.delete(traceId);
    return (spans && JsonTraceSerializer.serializeRequest(spans)) ?? new Uint8Array();
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#traces.clear();
  }
}

/** The tap of this process's spans of runs; given to its tracer provider. */
export const spanTap = new SpanTap((traceId) => isNoted(traceId) && !unsentSpans.isRepeating);
