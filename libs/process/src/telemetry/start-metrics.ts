import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Meter } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { parseAddress } from '../grpc/address.js';
import { requireSafeAddress } from '../grpc/service-security.js';
import { PRODUCT_VERSION } from '../product-version.js';

export interface Metrics {
  /** Undefined where nobody reads. */
  readonly meter?: Meter;
  /** Address that Prometheus scrapes, "http://127.0.0.1:9464/metrics". */
  readonly address?: string;
  /** Sends what is there and stops; never fails, and waits little for a collector that does not answer. */
  close(): Promise<void>;
}

/** How long the end of a process waits for a collector, in milliseconds. */
const FLUSH_MS = 1_000;

/** Prometheus brings no certificate and no token. */
export function requireMetricsAddress(flag: string, listen: string | undefined): void {
  if (listen !== undefined) requireSafeAddress(flag, listen, { isEncrypted: false, isGuarded: false });
}

/**
 * Starts measuring where somebody reads it: Prometheus at `listen`, a collector when OTEL_METRICS_EXPORTER is "otlp" or
 * OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is set (the exporter reads the other OTEL_* variables itself). Otherwise nothing is
 * measured, and nothing of the SDK is loaded.
 *
 * @throws OnescanError UNAVAILABLE when `listen` cannot be bound
 */
export async function startMetrics(serviceName: string, listen: string | undefined): Promise<Metrics> {
  const { OTEL_METRICS_EXPORTER: exporter, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint } = process.env;
  const isOff = process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || exporter === 'none';
  const isSent = !isOff && (exporter === 'otlp' || Boolean(endpoint));
  if (listen === undefined && !isSent) return { close: async () => undefined };
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const readers: IMetricReader[] = [];
  if (isSent) {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
    const interval = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL);
    readers.push(
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(),
        ...(interval > 0 ? { exportIntervalMillis: interval, exportTimeoutMillis: interval } : {}),
      }),
    );
  }
  const scraped = listen === undefined ? undefined : await scrapedReader(listen);
  if (scraped) readers.push(scraped.reader);
  const own = { [ATTR_SERVICE_NAME]: serviceName, [ATTR_SERVICE_VERSION]: PRODUCT_VERSION };
  const provider = new MeterProvider({ resource: resourceFromAttributes(own), readers });
  return {
    meter: provider.getMeter('onescan'),
    ...(scraped ? { address: scraped.address } : {}),
    close: () => provider.shutdown({ timeoutMillis: FLUSH_MS }).catch(() => undefined),
  };
}

async function scrapedReader(listen: string): Promise<{ reader: IMetricReader; address: string }> {
  const address = parseAddress('--metrics-listen', listen);
  if (address.kind !== 'tcp') {
    throw new OnescanError('INVALID_ARGUMENT', `--metrics-listen ${listen} is no host and port`, {
      remedy: 'Prometheus scrapes over TCP: give e.g. 127.0.0.1:9464',
    });
  }
  const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus');
  const host = address.host.replace(/^\[(.*)\]$/, '$1');
  const reader = new PrometheusExporter({
    host,
    port: address.port,
    preventServerStart: true,
    withoutScopeInfo: true,
  });
  try {
    await reader.startServer();
  } catch (cause) {
    throw new OnescanError('UNAVAILABLE', `cannot listen on ${listen}: ${(cause as Error).message}`, {
      remedy: 'Choose another port for --metrics-listen',
      cause,
    });
  }
  return { reader, address: `http://${address.host}:${address.port}/metrics` };
}
