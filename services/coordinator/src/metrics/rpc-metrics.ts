import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Histogram, Meter } from '@opentelemetry/api';
import { COORDINATOR_METRICS } from './coordinator-metrics.js';

const NAME = 'onescan.rpc.duration_seconds';
const METHODS: ReadonlySet<string> = new Set(COORDINATOR_METRICS[NAME].attributes.method);
const MS_PER_S = 1_000;

/** Measures calls of the coordinator's methods from their headers to their status, streams too; without a meter nothing. */
export function rpcMetrics(meter: Meter | undefined): ServerInterceptor[] {
  if (!meter) return [];
  const { unit, doc, buckets } = COORDINATOR_METRICS[NAME];
  const terms = { unit, description: doc, advice: { explicitBucketBoundaries: [...buckets] } };
  const durations = meter.createHistogram(NAME, terms);
  return [({ path }, call) => measured(path, call, durations)];
}

function measured(
  path: string,
  call: Parameters<ServerInterceptor>[1],
  durations: Histogram,
): ServerInterceptingCall {
  const method = path.slice(path.lastIndexOf('/') + 1);
  const begun = performance.now();
  let isOver = false;
  const end = (code: string): void => {
    if (isOver || !METHODS.has(method)) return;
    isOver = true;
    durations.record((performance.now() - begun) / MS_PER_S, { method, code });
  };
  return new ServerInterceptingCall(call, {
    start: (next) => next({ onCancel: () => end('CANCELLED') }),
    sendStatus: (sent, next) => {
      end(status[sent.code] ?? 'UNKNOWN');
      next(sent);
    },
  });
}
