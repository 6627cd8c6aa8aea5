import { formatDuration } from '@onescan/contract/format/duration.js';
import { attributeOf, type OtlpSpan, type OtlpTraces } from '@onescan/process/telemetry/otlp-json.js';
import { renderTable, type TableColumn } from '../output/table.js';

/** Characters of the bar that shows when a span was under way. */
const BAR = 30;

/** What OTLP calls an error. */
const ERROR = 2;

const SECOND_NS = 1e9;

/** What tells spans of one name apart, in this order. */
const SHOWN: readonly [key: string, text: (value: unknown) => string][] = [
  ['onescan.pair', String],
  ['onescan.horizon', (horizon) => `h${horizon}`],
  ['onescan.attempt', (attempt) => (attempt === 1 ? '' : `attempt ${attempt}`)],
  ['onescan.trainer.id', String],
];

interface Row {
  readonly depth: number;
  readonly span: OtlpSpan;
  readonly service: string;
  /** Seconds since the first span began. */
  readonly from: number;
  readonly seconds: number;
  /** Of all spans. */
  readonly total: number;
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { title: 'span', text: ({ depth, span }) => `${'  '.repeat(depth)}${span.name}${label(span)}` },
  { title: 'service', text: ({ service }) => service },
  { title: 'after', text: ({ from }) => seconds(from), align: 'right' },
  { title: 'took', text: (row) => seconds(row.seconds), align: 'right' },
  { title: '', text: bar },
  {
    title: '',
    text: ({ span }) => (span.status.code === ERROR ? `failed: ${span.status.message ?? ''}` : ''),
  },
];

/** Spans deeper than any tree of a run are left out. */
const MOST_DEPTH = 16;

/** A run's spans as a tree, children by their start below what they are part of. */
export function traceTree(traces: OtlpTraces): string {
  const spans = traces.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributeOf(resource, 'service.name') ?? '').replace(/^onescan-/, '');
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ span, service })));
  });
  const sorted = spans.toSorted((a, b) => startOf(a.span) - startOf(b.span));
  const start = Math.min(...sorted.map(({ span }) => startOf(span)));
  const total = Math.max(...sorted.map(({ span }) => endOf(span))) - start;
  const ids = new Set(sorted.map(({ span }) => span.spanId));
  const children = new Map<string, typeof sorted>();
  for (const each of sorted) {
    const { parentSpanId = '' } = each.span;
    const parent = ids.has(parentSpanId) ? parentSpanId : '';
    children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const rows: Row[] = [];
  const drawn = new Set<OtlpSpan>();
  const add = (parent: string, depth: number): void => {
    for (const { span, service } of children.get(parent) ?? []) {
      // Where two have one id, what is below them is drawn once; a ring of spans is of no tree.
      if (drawn.has(span)) continue;
      drawn.add(span);
      const from = startOf(span) - start;
      rows.push({ depth, span, service, from, seconds: endOf(span) - startOf(span), total });
      if (depth < MOST_DEPTH) add(span.spanId, depth + 1);
    }
  };
  add('', 0);
  return renderTable(COLUMNS, rows);
}

function label(span: OtlpSpan): string {
  const parts = SHOWN.flatMap(([key, text]) => {
    const value = attributeOf(span, key);
    return value === undefined ? [] : [text(value)];
  });
  const shown = parts.filter((part) => part !== '').join(' ');
  return shown === '' ? '' : ` ${shown}`;
}

function bar({ from, seconds: length, total }: Row): string {
  if (total <= 0) return '';
  const begin = Math.min(BAR - 1, Math.floor((from / total) * BAR));
  const cells = Math.max(1, Math.min(BAR - begin, Math.round((length / total) * BAR)));
  return `${'.'.repeat(begin)}${'#'.repeat(cells)}${'.'.repeat(BAR - begin - cells)}`;
}

function seconds(value: number): string {
  return value < 1
    ? `${Math.round(value * 1_000)} ms`
    : value < 60
      ? `${value.toFixed(1)} s`
      : formatDuration(value);
}

function startOf({ startTimeUnixNano }: OtlpSpan): number {
  return Number(startTimeUnixNano) / SECOND_NS;
}

function endOf({ endTimeUnixNano }: OtlpSpan): number {
  return Number(endTimeUnixNano) / SECOND_NS;
}
