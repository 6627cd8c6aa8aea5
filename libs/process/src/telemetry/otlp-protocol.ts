import type { Logger } from '../log.js';

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;

export type OtlpProtocol = (typeof PROTOCOLS)[number];

/** The protocol that the variables of OpenTelemetry ask for; one that is not known is logged, and the default is spoken. */
export function otlpProtocol(
  signal: 'TRACES' | 'METRICS',
  log: Pick<Logger, 'warn'>,
  env: NodeJS.ProcessEnv = process.env,
): OtlpProtocol {
  const asked = (
    env[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`] ||
    env.OTEL_EXPORTER_OTLP_PROTOCOL ||
    PROTOCOLS[0]
  ).trim();
  const known = PROTOCOLS.find((protocol) => protocol === asked);
  if (known) return known;
  log.warn(
    { protocol: asked, known: PROTOCOLS },
    `OTEL_EXPORTER_OTLP_PROTOCOL: not known, ${PROTOCOLS[0]} is spoken`,
  );
  return PROTOCOLS[0];
}

/** Names in a variable such as OTEL_METRICS_EXPORTER; "none" among them means none. */
export function exporterNames(given: string | undefined): readonly string[] {
  const names = (given ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.includes('none') ? ['none'] : [...new Set(names)];
}

/** True where OTEL_SDK_DISABLED says so. */
export function isSdkDisabled(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}
