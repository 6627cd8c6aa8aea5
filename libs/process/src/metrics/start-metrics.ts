import { createNoopMeter } from '@opentelemetry/api';
import { detectResources, envDetector, hostDetector, processDetector } from '@opentelemetry/resources';
import type { IMetricReader, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { requireSafeAddress } from '../grpc/service-security.js';
import type { Logger } from '../log.js';
import { exporterNames, isSdkDisabled, type OtlpProtocol, otlpProtocol } from '../telemetry/otlp-protocol.js';
import { ownResource } from '../telemetry/own-resource.js';
import { Exemplars } from './exemplars.js';
import { Instruments } from './instruments.js';
import type { MetricTable } from './metric-table.js';

export interface Metrics {
  /** False where nobody reads: then nothing is measured, and looking at things for the sake of it can be left out. */
  readonly isRead: boolean;
  /** Instruments of a table; where nobody reads, such that do nothing. */
  instruments<Table extends MetricTable>(table: Table): Instruments<Table>;
  /** Address that Prometheus scrapes, "http://127.0.0.1:9464/metrics". */
  readonly address?: string;
  /** Sends what is there and stops; never fails, and waits little for a collector that does not answer. */
  close(): Promise<void>;
}

/**
 * How long the end of a process waits for a collector to take the last figures, in milliseconds: one that took those before,
 * and one that did not.
 */
const FLUSH_MS = 1_000;
const DOUBTFUL_FLUSH_MS = 250;

const EXPORTERS: Readonly<Record<OtlpProtocol, () => Promise<new () => PushMetricExporter>>> = {
  grpc: async () => (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter,
  'http/json': async () => (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter,
  'http/protobuf': async () =>
    (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter,
};

/** Nobody reads. */
export const UNREAD: Metrics = {
  isRead: false,
  instruments: (table) => new Instruments(createNoopMeter(), table),
  close: async () => undefined,
};

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
export async function startMetrics(
  serviceName: string,
  listen: string | undefined,
  log: Pick<Logger, 'warn' | 'info'>,
): Promise<Metrics> {
  const isSent = isSentTo(process.env, log);
  if (listen === undefined && !isSent) return UNREAD;
  const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
  const sent = isSent ? await sentOverOtlp(log) : undefined;
  const readers: IMetricReader[] = sent ? [sent.reader] : [];
  const exemplars = new Exemplars();
  let address: string | undefined;
  if (listen !== undefined) {
    const { ScrapeReader } = await import('./scrape-reader.js');
    const reader = new ScrapeReader(exemplars);
    address = await reader.listen(listen);
    log.info({ address }, 'Prometheus can scrape');
    readers.push(reader);
  }
  const detectors = [envDetector, hostDetector, processDetector];
  const resource = ownResource(serviceName).merge(detectResources({ detectors }));
  const provider = new MeterProvider({ resource, readers });
  const meter = provider.getMeter('onescan');
  return {
    isRead: true,
    instruments: (table) => new Instruments(meter, table, address === undefined ? undefined : exemplars),
    ...(address === undefined ? {} : { address }),
    close: () => {
      const timeoutMillis = sent?.isDelivering() ? FLUSH_MS : DOUBTFUL_FLUSH_MS;
      return provider.shutdown({ timeoutMillis }).catch(() => undefined);
    },
  };
}

function isSentTo(env: NodeJS.ProcessEnv, log: Pick<Logger, 'warn'>): boolean {
  if (isSdkDisabled(env)) return false;
  const names = exporterNames(env.OTEL_METRICS_EXPORTER);
  for (const exporter of names) {
    if (exporter !== 'otlp' && exporter !== 'none')
      log.warn(
        { exporter },
        'OTEL_METRICS_EXPORTER: not known; there are otlp and none, and --metrics-listen',
      );
  }
  if (names.length > 0) return names.includes('otlp');
  return Boolean(env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT);
}

async function sentOverOtlp(
  log: Pick<Logger, 'warn'>,
): Promise<{ reader: IMetricReader; isDelivering: () => boolean }> {
  const { PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const Exporter = await EXPORTERS[otlpProtocol('METRICS', log)]();
  const interval = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL);
  let isDelivering = false;
  const exporter = new Exporter();
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      isDelivering = result.error === undefined;
      done(result);
    });
  const reader = new PeriodicExportingMetricReader({
    exporter,
    ...(interval > 0 ? { exportIntervalMillis: interval, exportTimeoutMillis: interval } : {}),
  });
  return { reader, isDelivering: () => isDelivering };
}
