import { setTimeout as sleep } from 'node:timers/promises';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Logger } from '../log.js';
import { ExportCount } from './export-count.js';
import { isSdkDisabled } from './otlp-protocol.js';
import { ownResource } from './own-resource.js';
import { spanExporters } from './span-exporters.js';
import { spanIds } from './span-ids.js';
import { spanTap } from './span-tap.js';
import { unsentSpans } from './unsent-spans.js';

export interface Tracing {
  /** Sends what is buffered and stops. Never fails, and waits little for a collector that does not answer. */
  shutdown(): Promise<void>;
}

/**
 * How long the end of a process waits for its last spans to be taken, in milliseconds: by a collector that took those
 * before, and by one that did not. A stack stops three kinds of processes one after another.
 */
const FLUSH_MS = 2_000;
const DOUBTFUL_FLUSH_MS = 500;

/**
 * Starts making spans. They are kept for the files of runs ({@link spanTap}), and sent where the variables of OpenTelemetry
 * say, which its SDK reads itself: to a collector when OTEL_EXPORTER_OTLP_ENDPOINT (or its TRACES variant) or
 * OTEL_TRACES_EXPORTER is set. With OTEL_SDK_DISABLED there are none. A collector that takes none is logged once, and
 * once more at the end with the number of spans that it has not taken.
 */
export async function startTracing(
  serviceName: string,
  log: Pick<Logger, 'warn' | 'debug'>,
): Promise<Tracing> {
  const { env } = process;
  const resource = ownResource(serviceName);
  if (!Object.keys(env).some((name) => name.startsWith('OTEL_'))) {
    const provider = new NodeTracerProvider({ idGenerator: spanIds, resource, spanProcessors: [spanTap] });
    provider.register();
    return { shutdown: () => provider.shutdown() };
  }
  // Loaded when it is asked for: it takes a fifth of a second.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  sayByLog(log);
  const onLost = (dropped: number, reason: string): void =>
    log.warn({ dropped, reason }, 'spans were not taken: is there a collector?');
  const count = new ExportCount(onLost, {
    queue: Number(env.OTEL_BSP_MAX_QUEUE_SIZE) || undefined,
    onHanded: (spans) => unsentSpans.handed(spans),
  });
  const sent = isSdkDisabled() ? [] : await spanExporters(count, log);
  if (sent.includes(count)) unsentSpans.sending();
  const sdk = new NodeSDK({
    ...{ idGenerator: spanIds, resource, instrumentations: [], metricReaders: [], logRecordProcessors: [] },
    spanProcessors: [spanTap, unsentSpans, ...sent],
  });
  // The SDK has put a logger to stdout in its place.
  sayByLog(log);
  sdk.start();
  return {
    shutdown: async () => {
      const waitMs = count.isDelivering ? FLUSH_MS : DOUBTFUL_FLUSH_MS;
      // Lost spans are no reason to end otherwise than well.
      const flushed = sdk.shutdown().catch(() => undefined);
      await Promise.race([flushed, sleep(waitMs, undefined, { ref: false })]);
      count.end();
    },
  };
}

/** What the SDK has to say goes into the log; OTEL_LOG_LEVEL would have it on stdout. */
function sayByLog(log: Pick<Logger, 'warn' | 'debug'>): void {
  const debug = (message: string): void => log.debug({ sdk: message }, 'OpenTelemetry');
  const level = (process.env.OTEL_LOG_LEVEL ?? 'NONE').toUpperCase() as keyof typeof DiagLogLevel;
  const warn = (message: string): void => log.warn({ sdk: message }, 'OpenTelemetry');
  const logger: DiagLogger = { error: warn, warn, info: debug, debug, verbose: debug };
  diag.setLogger(logger, {
    logLevel: DiagLogLevel[level] ?? DiagLogLevel.NONE,
    suppressOverrideMessage: true,
  });
}
