import type { Metadata } from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { withSpan } from '../telemetry/tracing.js';

/** The header of the W3C's trace context. */
const TRACEPARENT = 'traceparent';

/**
 * Runs a call of a server in a span of its own, below the one that the caller is in. Callers that bring no trace context
 * have none: those who look every second what there is to see would fill the collector.
 */
export function inServerSpan<T>(
  call: { getPath(): string; readonly metadata: Metadata },
  fn: () => Promise<T>,
): Promise<T> {
  const [traceparent] = call.metadata.get(TRACEPARENT);
  if (typeof traceparent !== 'string') return fn();
  const parent = propagation.extract(ROOT_CONTEXT, { [TRACEPARENT]: traceparent });
  if (!trace.getSpanContext(parent)) return fn();
  return inRpcSpan(call.getPath(), { parent, kind: SpanKind.SERVER }, fn);
}

/** Runs a call of a client in a span; `bring` puts its trace context into the metadata that go along. */
export function inClientSpan<T>(
  path: string,
  fn: (bring: (metadata: Metadata) => void) => Promise<T>,
): Promise<T> {
  return inRpcSpan(path, { parent: context.active(), kind: SpanKind.CLIENT }, () =>
    fn((metadata) => {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      for (const [name, value] of Object.entries(carrier)) metadata.set(name, value);
    }),
  );
}

/** As the conventions for gRPC have it. */
function inRpcSpan<T>(
  path: string,
  options: { parent: ReturnType<typeof context.active>; kind: SpanKind },
  fn: () => Promise<T>,
): Promise<T> {
  const method = path.replace(/^\//, '');
  const attributes: Attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
  return withSpan(method, { ...options, attributes }, async (span) => {
    try {
      const answer = await fn();
      span.setAttribute('rpc.response.status_code', 'OK');
      return answer;
    } catch (thrown) {
      span.setAttribute('rpc.response.status_code', OnescanError.from(thrown).code);
      throw thrown;
    }
  });
}
