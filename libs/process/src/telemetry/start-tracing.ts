import { Console } from 'node:console';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { Logger } from '../log.js';
import { PRODUCT_VERSION } from '../product-version.js';
import { ExportCount } from './export-count.js';
import { spanIds } from './span-ids.js';
import { spanTap } from './span-tap.js';

export interface Tracing {
  /** Sends what is buffered and stops. Never fails, and waits little for a collector that does not answer. */
  shutdown(): Promise<void>;
}

/** How long buffered spans wait where OTEL_BSP_SCHEDULE_DELAY says nothing, in milliseconds: a crash loses little. */
const EXPORT_DELAY_MS = '500';

/**
 * How long the end of a process waits for its last spans to be taken, in milliseconds: by a collector that took those
 * before, and by one that did not. A stack stops three kinds of processes one after another.
 */
const FLUSH_MS = 2_000;
const DOUBTFUL_FLUSH_MS = 500;

const ATTR_SERVICE_INSTANCE_ID = 'service.instance.id';

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
  // Loaded when it is asked for: all its exporters take a fifth of a second to load.
  const [{ NodeSDK }, { getSpanProcessorsFromEnv }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/sdk-node/build/src/utils.js'),
  ]);
  const count = new ExportCount((dropped, reason) =>
    log.warn({ dropped, reason }, 'spans were not taken: is there a collector?'),
  );
  const isDisabled = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
  const sent: SpanProcessor[] = [];
  if (isSent(env) && !isDisabled) {
    env.OTEL_BSP_SCHEDULE_DELAY ??= EXPORT_DELAY_MS;
    toStderr();
    sent.push(...getSpanProcessorsFromEnv(count.meterProvider));
  }
  const sdk = new NodeSDK({
    ...{ idGenerator: spanIds, resource, instrumentations: [], metricReaders: [], logRecordProcessors: [] },
    spanProcessors: [spanTap, ...(sent.length > 0 ? [count] : []), ...sent],
  });
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

/** What the variables say stands above it: the SDK reads OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES. */
function ownResource(serviceName: string): Resource {
  const own = {
    [ATTR_SERVICE_NAME]: serviceName,
    [ATTR_SERVICE_VERSION]: PRODUCT_VERSION,
    [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
  };
  return defaultResource().merge(resourceFromAttributes(own));
}

/** The SDK sends to localhost when nothing is said; Onescan sends nothing then. */
function isSent(env: NodeJS.ProcessEnv): boolean {
  const { OTEL_TRACES_EXPORTER: exporter } = env;
  if (exporter) return exporter.trim() !== 'none';
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}

/** The exporter "console" writes to stdout, which is for data. */
function toStderr(): void {
  if (!process.env.OTEL_TRACES_EXPORTER?.includes('console')) return;
  const stderr = new Console(process.stderr, process.stderr);
  console.dir = (...args) => stderr.dir(...args);
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
