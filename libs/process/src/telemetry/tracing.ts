import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { spanIds } from './span-ids.js';

export interface Tracing {
  /** Sends what is buffered and stops. Never fails, and waits little for a collector that does not answer. */
  shutdown(): Promise<void>;
}

/** How long buffered spans wait, in milliseconds: a crash loses little. */
const EXPORT_DELAY_MS = 500;

/**
 * How long the end of a process waits for its last spans to be taken, in milliseconds: by a collector that took those
 * before, and by one that did not. A stack stops three kinds of processes one after another.
 */
const FLUSH_MS = 5_000;
const DOUBTFUL_FLUSH_MS = 500;

/**
 * Starts exporting spans over OTLP/HTTP when OTEL_EXPORTER_OTLP_ENDPOINT (or its TRACES variant) is set;
 * otherwise spans cost nothing and go nowhere. The exporter reads the standard OTEL_* variables.
 */
export function startTracing(serviceName: string): Tracing {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return { shutdown: async () => undefined };
  const exporter = new WatchedExporter();
  const provider = new NodeTracerProvider({
    idGenerator: spanIds,
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: serviceName }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: EXPORT_DELAY_MS })],
  });
  provider.register();
  return {
    shutdown: async () => {
      const waitMs = exporter.delivers ? FLUSH_MS : DOUBTFUL_FLUSH_MS;
      // Lost spans are no reason to end otherwise than well.
      const flushed = provider.shutdown().catch(() => undefined);
      await Promise.race([flushed, sleep(waitMs, undefined, { ref: false })]);
    },
  };
}

/** What the SDK calls success. */
const EXPORTED = 0;
/** An export that takes longer than this is not being answered, in milliseconds. */
const SLOW_EXPORT_MS = 1_000;

/** Knows whether the collector takes what it is sent. */
class WatchedExporter extends OTLPTraceExporter {
  #delivered = false;
  #pendingSince = Number.POSITIVE_INFINITY;

  /** True when the last export succeeded and none has been waiting long since. */
  get delivers(): boolean {
    return this.#delivered && performance.now() - this.#pendingSince < SLOW_EXPORT_MS;
  }

  override export(...[spans, done]: Parameters<OTLPTraceExporter['export']>): void {
    this.#pendingSince = performance.now();
    super.export(spans, (result) => {
      this.#pendingSince = Number.POSITIVE_INFINITY;
      this.#delivered = Number(result.code) === EXPORTED;
      done(result);
    });
  }
}

/** The tracer of Onescan's own spans. */
export function tracer(): Tracer {
  return trace.getTracer('onescan');
}

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
}

/** Runs `fn` in a span that ends with it; what is thrown is recorded on the span and thrown on. */
export async function withSpan<T>(
  name: string,
  options: SpanOptions,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = options.parent ?? context.active();
  const span = tracer().startSpan(
    name,
    { attributes: options.attributes ?? {}, links: options.links ?? [] },
    parent,
  );
  try {
    return await context.with(trace.setSpan(parent, span), () => fn(span));
  } catch (thrown) {
    failSpan(span, thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

/** Marks a span as failed with the error's code and message. */
export function failSpan(span: Span, thrown: unknown): void {
  const error = OnescanError.from(thrown);
  span.recordException({ name: error.code, message: error.message });
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
