import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ATTRIBUTE } from './attributes.js';

/** The tracer of Onescan's own spans. */
export function tracer(): Tracer {
  return trace.getTracer('onescan');
}

/** Milliseconds since the epoch, with fractions: with whole ones children would begin before their parents. */
export function preciseNowMs(): number {
  const [wall, precise] = [Date.now(), performance.timeOrigin + performance.now()];
  // The two drift apart when the system's clock is corrected; spans begin by the first.
  const now = precise >= wall && precise < wall + 1 ? precise : wall;
  // Where they are about to part, one time has a fraction and the next has none.
  lastMs = now < lastMs && lastMs < now + 1 ? lastMs : now;
  return lastMs;
}

let lastMs = 0;

/** W3C traceparent of a span, to carry in a message; empty when tracing is off. */
export function traceparentOf(span: Span): string {
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier);
  return carrier.traceparent ?? '';
}

/** Context with the remote span of a traceparent; the root context when it is empty or malformed. */
export function contextFromTraceparent(traceparent: string): Context {
  return propagation.extract(ROOT_CONTEXT, { traceparent });
}

export interface SpanOptions {
  /** Default: the active context. */
  parent?: Context;
  attributes?: Attributes;
  links?: Link[];
  kind?: SpanKind;
  /** When it began, in epoch milliseconds; default: now. */
  startMs?: number;
  /**
   * Whether whoever asked has left when something is thrown. The span is not written then: the asker's own has ended, and
   * one that ends after its parent is taken for one of a clock that is wrong.
   */
  isLeft?: () => boolean;
}

/** Ends a span now; without a time the SDK ends those whose begin was given at a whole millisecond, before their children. */
export function endSpan(span: Span): void {
  span.end(preciseNowMs());
}

/**
 * Runs `fn` in a span that ends with it; what is thrown is recorded on the span and thrown on. What was cancelled is no
 * error.
 */
export async function withSpan<T>(
  name: string,
  options: SpanOptions,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = options.parent ?? context.active();
  const span = tracer().startSpan(
    name,
    {
      attributes: options.attributes ?? {},
      links: options.links ?? [],
      startTime: options.startMs ?? preciseNowMs(),
      ...(options.kind === undefined ? {} : { kind: options.kind }),
    },
    parent,
  );
  try {
    const result = await context.with(trace.setSpan(parent, span), () => fn(span));
    endSpan(span);
    return result;
  } catch (thrown) {
    if (!options.isLeft?.()) {
      failSpan(span, thrown);
      endSpan(span);
    }
    throw thrown;
  }
}

/**
 * Marks a span as failed with the error's kind, its code where no other is given, and its message; as cancelled, which is
 * no failure, where that is the code.
 */
export function failSpan(span: Span, thrown: unknown, kind?: string): void {
  const { code, message } = OnescanError.from(thrown);
  if (code === 'CANCELLED' && kind === undefined) {
    span.addEvent('cancelled', { [ATTRIBUTE.reason]: message });
    return;
  }
  span.recordException({ name: kind ?? code, message });
  span.setAttribute('error.type', kind ?? code);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
