import type { Attributes, AttributeValue } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Exemplars } from './exemplars.js';

/** How Prometheus asks for the two formats that it reads. */
export const EXPOSITIONS = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  /** With exemplars. */
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;

export type ExpositionFormat = keyof typeof EXPOSITIONS;

/** Units as OpenMetrics names them, by UCUM; names end with them. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', '1': 'ratio' };

/**
 * Metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0, which alone knows exemplars. Names have their
 * dots turned into lines.
 */
export function exposition(
  { resource, scopeMetrics }: Pick<ResourceMetrics, 'resource' | 'scopeMetrics'>,
  format: ExpositionFormat,
  exemplars?: Exemplars,
): string {
  const isOpen = format === 'openMetrics';
  const title = isOpen ? 'target' : 'target_info';
  const lines = [
    `# HELP ${title} where the figures are from`,
    `# TYPE ${title} ${isOpen ? 'info' : 'gauge'}`,
  ];
  lines.push(`target_info${labels(resource.attributes)} 1`);
  for (const { metrics } of scopeMetrics) {
    for (const metric of metrics) lines.push(...family(metric, isOpen ? { exemplars } : undefined));
  }
  if (isOpen) lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** One metric with all its series. `open`: as OpenMetrics. */
function family(metric: MetricData, open: { exemplars: Exemplars | undefined } | undefined): string[] {
  const { name: own, description, unit } = metric.descriptor;
  const name = own.replaceAll(/[^a-zA-Z0-9_]/g, '_');
  const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
  const sample = isCounter ? `${name}_total` : name;
  const title = open ? name : sample;
  const lines = [`# HELP ${title} ${escaped(description)}`];
  const named = UNITS[unit];
  if (open && named !== undefined && name.endsWith(`_${named}`)) lines.push(`# UNIT ${title} ${named}`);
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    lines.push(`# TYPE ${title} histogram`);
    for (const point of metric.dataPoints) lines.push(...histogram({ name, own, point }, open?.exemplars));
    return lines;
  }
  if (metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM) return [];
  lines.push(`# TYPE ${title} ${isCounter ? 'counter' : 'gauge'}`);
  for (const { attributes, value } of metric.dataPoints) {
    lines.push(`${sample}${labels(attributes)} ${figure(value)}`);
  }
  return lines;
}

function histogram(
  { name, own, point }: { name: string; own: string; point: DataPoint<Histogram> },
  exemplars: Exemplars | undefined,
): string[] {
  const { attributes, value } = point;
  const { boundaries, counts } = value.buckets;
  let below = 0;
  const lines = [...boundaries, Number.POSITIVE_INFINITY].map((bound, i) => {
    below += counts[i] ?? 0;
    const line = `${name}_bucket${labels({ ...attributes, le: figure(bound) })} ${below}`;
    const exemplar = exemplars?.of(own, attributes, i);
    if (!exemplar) return line;
    const where = labels({ trace_id: exemplar.traceId, span_id: exemplar.spanId });
    return `${line} # ${where} ${figure(exemplar.value)} ${exemplar.at.toFixed(3)}`;
  });
  return [
    ...lines,
    `${name}_sum${labels(attributes)} ${figure(value.sum ?? 0)}`,
    `${name}_count${labels(attributes)} ${value.count}`,
  ];
}

function labels(attributes: Attributes): string {
  const each = Object.entries(attributes).map(
    ([name, value]) => `${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}="${labelValue(value)}"`,
  );
  return each.length > 0 ? `{${each.join(',')}}` : '';
}

function labelValue(value: AttributeValue | undefined): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
  return escaped(text).replaceAll('"', '\\"');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function figure(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
