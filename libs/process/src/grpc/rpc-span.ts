import { type Metadata, status } from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { preciseNowMs, withSpan } from '../telemetry/tracing.js';

/** The header of the W3C's trace context. */
const TRACEPARENT = 'traceparent';

type ServerCall = { getPath(): string; readonly metadata: Metadata };

/**
 * Runs a call of a server, a stream too, in a span of its own, below the one that the caller is in. Callers that bring no
 * trace context have none: those who look every second would fill the collector.
 *
 * @param isLeft whether the caller has gone
 */
export function inServerSpan<T>(call: ServerCall, fn: () => Promise<T>, isLeft?: () => boolean): Promise<T> {
  const parent = callerContext(call);
  if (!parent) return fn();
  const options = { parent, kind: SpanKind.SERVER, ...(isLeft ? { isLeft } : {}) };
  return inRpcSpan(call.getPath(), options, fn);
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

/** Puts a traceparent into the metadata of a call; an empty one is none. */
export function bringTraceparent(traceparent: string): (metadata: Metadata) => void {
  return (metadata) => {
    if (traceparent !== '') metadata.set(TRACEPARENT, traceparent);
  };
}

/**
 * What a span of a call says, as the conventions for gRPC have it: their present names, and those that they had before 2025,
 * by which many dashboards still ask.
 *
 * @param path "/onescan.v1.FetcherService/FetchPair"
 */
export function rpcAttributes(path: string): Attributes {
  const method = path.replace(/^\//, '');
  const service = method.split('/')[0]!;
  return { 'rpc.system.name': 'grpc', 'rpc.method': method, 'rpc.system': 'grpc', 'rpc.service': service };
}

/** How a call ended. */
export function rpcStatus(code: keyof typeof status): Attributes {
  return { 'rpc.response.status_code': code, 'rpc.grpc.status_code': status[code] };
}

function callerContext({ metadata }: ServerCall): Context | undefined {
  const [traceparent] = metadata.get(TRACEPARENT);
  if (typeof traceparent !== 'string') return undefined;
  const parent = propagation.extract(ROOT_CONTEXT, { [TRACEPARENT]: traceparent });
  return trace.getSpanContext(parent) ? parent : undefined;
}

function inRpcSpan<T>(
  path: string,
  options: { parent: Context; kind: SpanKind; isLeft?: () => boolean },
  fn: () => Promise<T>,
): Promise<T> {
  const attributes = rpcAttributes(path);
  // Whole milliseconds, as the start of a run is stored: one that is opened again must not begin before its call.
  const startMs = Math.floor(preciseNowMs());
  return withSpan(path.replace(/^\//, ''), { ...options, attributes, startMs }, async (span) => {
    try {
      const answer = await fn();
      span.setAttributes(rpcStatus('OK'));
      return answer;
    } catch (thrown) {
      span.setAttributes(rpcStatus(OnescanError.from(thrown).code));
      throw thrown;
    }
  });
}
