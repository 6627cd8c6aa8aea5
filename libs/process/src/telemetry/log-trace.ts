import { isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { identityOf } from './span-ids.js';

/** Runs whose traces are known; of more the oldest are forgotten. */
const MOST_RUNS = 1_024;

const traces = new Map<string, string>();

/** Has the log lines that name a run carry the ids of this traceparent; empty: of none. */
export function noteTrace(runId: string, traceparent: string): void {
  traces.delete(runId);
  if (traceparent === '') return;
  traces.set(runId, traceparent);
  const [oldest] = traces.keys();
  if (traces.size > MOST_RUNS && oldest !== undefined) traces.delete(oldest);
}

/** True for the trace of a run that was noted: callers can bring any other. */
export function isNoted(traceId: string): boolean {
  for (const traceparent of traces.values()) if (traceparent.startsWith(traceId, 3)) return true;
  return false;
}

/**
 * What a log line carries of tracing, in the names that OpenTelemetry gives it: the ids of the span in which it is
 * written, else of the one noted for the run that it names.
 */
export function traceFields(facts: object): { trace_id?: string; span_id?: string } {
  const active = trace.getActiveSpan()?.spanContext();
  if (active && isSpanContextValid(active)) return fields(active);
  const noted = identityOf(traces.get(runOf(facts as Record<string, unknown>)) ?? '');
  return noted ? fields(noted) : {};
}

function fields({ traceId, spanId }: Pick<SpanContext, 'traceId' | 'spanId'>): {
  trace_id: string;
  span_id: string;
} {
  return { trace_id: traceId, span_id: spanId };
}

/** The run that a line names; a trainer's name a task, "run/pair/h15#2". */
function runOf({ runId, task }: Record<string, unknown>): string {
  if (typeof runId === 'string') return runId;
  return typeof task === 'string' ? task.split('/')[0]! : '';
}
