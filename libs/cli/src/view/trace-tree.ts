import { formatDuration } from '@onescan/contract/format/duration.js';
import type { OtlpTraces } from '@onescan/process/telemetry/otlp-json.js';
import { type SpanNode, spanTree } from '@onescan/process/telemetry/span-tree.js';
import { renderTable, type TableColumn } from '../output/table.js';

/** Characters of the bar that shows when a span was under way. */
const BAR = 30;

interface Row extends SpanNode {
  /** Of all spans. */
  readonly totalMs: number;
}

const COLUMNS: readonly TableColumn<Row>[] = [
  {
    title: 'span',
    text: ({ depth, span, label }) => `${'  '.repeat(depth)}${span.name}${label && ` ${label}`}`,
  },
  { title: 'service', text: ({ service }) => service },
  { title: 'after', text: ({ fromMs }) => seconds(fromMs / 1_000), align: 'right' },
  { title: 'took', text: ({ tookMs }) => seconds(tookMs / 1_000), align: 'right' },
  { title: '', text: bar },
  { title: '', text: ({ span, isFailed }) => (isFailed ? `failed: ${span.status.message ?? ''}` : '') },
];

/** A run's spans as a tree, children by their start below what they are part of. */
export function traceTree(traces: OtlpTraces): string {
  const nodes = spanTree(traces);
  const totalMs = nodes.reduce((most, { fromMs, tookMs }) => Math.max(most, fromMs + tookMs), 0);
  return renderTable(
    COLUMNS,
    nodes.map((node) => ({ ...node, totalMs })),
  );
}

function bar({ fromMs, tookMs, totalMs }: Row): string {
  if (totalMs <= 0) return '';
  const begin = Math.min(BAR - 1, Math.floor((fromMs / totalMs) * BAR));
  const cells = Math.max(1, Math.min(BAR - begin, Math.round((tookMs / totalMs) * BAR)));
  return `${'.'.repeat(begin)}${'#'.repeat(cells)}${'.'.repeat(BAR - begin - cells)}`;
}

function seconds(value: number): string {
  return value < 1
    ? `${Math.round(value * 1_000)} ms`
    : value < 60
      ? `${value.toFixed(1)} s`
      : formatDuration(value);
}
