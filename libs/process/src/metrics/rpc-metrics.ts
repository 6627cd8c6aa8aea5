import {
  InterceptingCall,
  type Interceptor,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { trace } from '@opentelemetry/api';
import type { SpanIdentity } from '../telemetry/span-ids.js';
import { contextFromTraceparent } from '../telemetry/tracing.js';
import type { Instruments } from './instruments.js';
import type { MetricRow } from './metric-table.js';
import type { Metrics } from './start-metrics.js';

const SERVED = 'onescan.rpc.duration_seconds';
const CALLED = 'onescan.rpc.client.duration_seconds';
const MS_PER_S = 1_000;
const CODES = Object.keys(status).filter((name) => Number.isNaN(Number(name)));

/** Of calls, in seconds: from a look-up to a stream that stays open. */
const BUCKETS = [0.005, 0.02, 0.1, 0.5, 1, 5, 30, 300];

/** The row of the calls that a process answers. */
export function servedRow(...services: readonly ServiceDefinition[]): { readonly [SERVED]: MetricRow } {
  const doc = 'calls that it answers, with the status they ended with; of streams as long as they were open';
  return { [SERVED]: row(doc, services.flatMap(methodsOf)) };
}

/** The row of the calls that a process makes. */
export function calledRow(...methods: readonly string[]): { readonly [CALLED]: MetricRow } {
  return { [CALLED]: row('calls that it makes; of streams as long as they were open', methods) };
}

function row(doc: string, method: readonly string[]): MetricRow {
  return { kind: 'histogram', unit: 's', doc, attributes: { method, code: CODES }, buckets: BUCKETS };
}

function methodsOf(service: ServiceDefinition): string[] {
  return Object.values(service).map(({ path }) => methodOf(path));
}

/** "GetRun" of "/onescan.v1.CoordinatorService/GetRun". */
function methodOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Measures calls of a server's methods from their headers to their status, streams too; where nobody reads nothing. */
export function measureServed(
  metrics: Metrics,
  table: { readonly [SERVED]: MetricRow },
): ServerInterceptor[] {
  if (!metrics.isRead) return [];
  const instruments = metrics.instruments(table);
  return [
    ({ path }, call) => {
      let span: SpanIdentity | undefined;
      const end = stopwatch(instruments, SERVED, path, () => span);
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata: (metadata, pass) => {
              const [traceparent] = metadata.get('traceparent');
              if (typeof traceparent === 'string')
                span = trace.getSpanContext(contextFromTraceparent(traceparent));
              pass(metadata);
            },
            onCancel: () => end('CANCELLED'),
          }),
        sendStatus: (sent, next) => {
          end(status[sent.code] ?? 'UNKNOWN');
          next(sent);
        },
      });
    },
  ];
}

/** Measures the calls of a client; where nobody reads nothing. */
export function measureCalled(metrics: Metrics, table: { readonly [CALLED]: MetricRow }): Interceptor[] {
  if (!metrics.isRead) return [];
  const instruments = metrics.instruments(table);
  return [
    (options, nextCall) => {
      const end = stopwatch(instruments, CALLED, options.method_definition.path, () => undefined);
      return new InterceptingCall(nextCall(options), {
        start: (metadata, _listener, next) =>
          next(metadata, {
            onReceiveStatus: (received, pass) => {
              end(status[received.code] ?? 'UNKNOWN');
              pass(received);
            },
          }),
      });
    },
  ];
}

/** Returns what ends the measurement of a call; a second end is none, and neither is a method that no table has. */
function stopwatch<Name extends typeof SERVED | typeof CALLED>(
  instruments: Instruments<{ readonly [key in Name]: MetricRow }>,
  name: Name,
  path: string,
  span: () => SpanIdentity | undefined,
): (code: string) => void {
  const method = methodOf(path);
  const begun = performance.now();
  let isOver = !instruments.has(name, { method });
  return (code) => {
    if (isOver) return;
    isOver = true;
    instruments.record(name, (performance.now() - begun) / MS_PER_S, { method, code }, span());
  };
}
