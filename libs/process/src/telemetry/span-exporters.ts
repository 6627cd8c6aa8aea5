import { Console } from 'node:console';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../log.js';
import type { ExportCount } from './export-count.js';
import { exporterNames, type OtlpProtocol, otlpProtocol } from './otlp-protocol.js';

/** How long buffered spans wait where OTEL_BSP_SCHEDULE_DELAY says nothing, in milliseconds: a crash loses little. */
const EXPORT_DELAY_MS = 500;

/** Each is loaded when it is asked for. */
const OTLP_EXPORTERS: Readonly<Record<OtlpProtocol, () => Promise<new () => SpanExporter>>> = {
  grpc: async () => (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter,
  'http/json': async () => (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter,
  'http/protobuf': async () => (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter,
};

/**
 * What sends spans where the variables of OpenTelemetry say, without resting on what SDKs keep to themselves: the names of
 * exporters and protocols are read here, all else (endpoints, headers, certificates, times) the exporters read themselves.
 * Empty where nobody is sent to. What is not known is logged, and passed over.
 *
 * @param count sees what becomes of the spans that a collector is sent
 */
export async function spanExporters(
  count: ExportCount,
  log: Pick<Logger, 'warn'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<SpanProcessor[]> {
  const processors: SpanProcessor[] = [];
  for (const name of chosen(env)) {
    if (name === 'otlp') processors.push(count, await sentOverOtlp(count, log, env));
    else if (name === 'console') processors.push(toStderr());
    else log.warn({ exporter: name }, 'OTEL_TRACES_EXPORTER: not known; there are otlp, console and none');
  }
  return processors;
}

/** The SDK would send to localhost when nothing is said; Onescan sends nothing then. */
function chosen(env: NodeJS.ProcessEnv): readonly string[] {
  const names = exporterNames(env.OTEL_TRACES_EXPORTER);
  if (names.length > 0) return names.filter((name) => name !== 'none');
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT ? ['otlp'] : [];
}

async function sentOverOtlp(
  count: ExportCount,
  log: Pick<Logger, 'warn'>,
  env: NodeJS.ProcessEnv,
): Promise<SpanProcessor> {
  const Exporter = await OTLP_EXPORTERS[otlpProtocol('TRACES', log, env)]();
  const delay = env.OTEL_BSP_SCHEDULE_DELAY ? {} : { scheduledDelayMillis: EXPORT_DELAY_MS };
  return new BatchSpanProcessor(count.counted(new Exporter()), delay);
}

/** The exporter writes to stdout, which is for data. */
function toStderr(): SpanProcessor {
  const stderr = new Console(process.stderr, process.stderr);
  console.dir = (...args) => stderr.dir(...args);
  return new SimpleSpanProcessor(new ConsoleSpanExporter());
}
