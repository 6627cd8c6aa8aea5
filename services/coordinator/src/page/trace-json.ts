import type { Json } from '@onescan/contract/message-json.js';
import { attributeOf, type OtlpSpan, type OtlpTraces } from '@onescan/process/telemetry/otlp-json.js';

/** Spans that the page is given; of more those deepest in the tree are left out. */
export const MOST_ROWS = 2_000;

/** Spans deeper than any tree of a run are left out. */
const MOST_DEPTH = 16;

/** What OTLP calls an error. */
const ERROR = 2;
const NS_PER_MS = 1e6;

/** A span as the page draws it: where it stands in the tree, and when it was under way, in milliseconds after the first. */
interface SpanRow {
  readonly depth: number;
  readonly name: string;
  /** Pair, horizon, attempt and trainer, as far as it has them. */
  readonly of: string;
  readonly service: string;
  readonly fromMs: number;
  readonly tookMs: number;
  /** Empty unless it failed. */
  readonly failed: string;
}

/** The document that GetTrace sends, as rows of its tree: parents before their children, these by their start. */
export function traceJson(chunks: readonly Uint8Array[]): Json {
  const traces = JSON.parse(Buffer.concat(chunks).toString('utf8')) as OtlpTraces;
  const spans = traces.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributeOf(resource, 'service.name') ?? '').replace(/^onescan-/, '');
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ span, service })));
  });
  const rows = treeOf(spans.sort((a, b) => startOf(a.span) - startOf(b.span)));
  const total = rows.length;
  const shown = rows.length > MOST_ROWS ? withoutDeepest(rows) : rows;
  return { spans: shown as unknown as Json, total };
}

function treeOf(sorted: readonly { readonly span: OtlpSpan; readonly service: string }[]): SpanRow[] {
  const ids = new Set(sorted.map(({ span }) => span.spanId));
  const children = new Map<string, typeof sorted>();
  for (const each of sorted) {
    const { parentSpanId = '' } = each.span;
    const parent = ids.has(parentSpanId) ? parentSpanId : '';
    children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const start = sorted[0] ? startOf(sorted[0].span) : 0;
  const rows: SpanRow[] = [];
  const seen = new Set<OtlpSpan>();
  const add = (parent: string, depth: number): void => {
    for (const { span, service } of children.get(parent) ?? []) {
      // Where two have one id, what is below them stands there once; a ring of spans is of no tree.
      if (seen.has(span)) continue;
      seen.add(span);
      const fromMs = startOf(span) - start;
      const tookMs = Math.max(0, Number(span.endTimeUnixNano) / NS_PER_MS - startOf(span));
      const failed = span.status.code === ERROR ? span.status.message || 'failed' : '';
      rows.push({ depth, name: span.name, of: labelOf(span), service, fromMs, tookMs, failed });
      if (depth < MOST_DEPTH) add(span.spanId, depth + 1);
    }
  };
  add('', 0);
  return rows;
}

function withoutDeepest(rows: readonly SpanRow[]): SpanRow[] {
  const depths = rows.map(({ depth }) => depth).sort((a, b) => a - b);
  const deepest = depths[MOST_ROWS]!;
  return rows.filter(({ depth }) => depth < deepest).slice(0, MOST_ROWS);
}

function labelOf(span: OtlpSpan): string {
  const [pair, horizon, attempt, trainer] = ['pair', 'horizon', 'attempt', 'trainer.id'].map((key) =>
    attributeOf(span, `onescan.${key}`),
  );
  const parts = [
    pair === undefined ? '' : String(pair),
    horizon === undefined ? '' : `h${horizon}`,
    attempt === undefined || attempt === 1 ? '' : `attempt ${attempt}`,
    trainer === undefined ? '' : String(trainer),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function startOf({ startTimeUnixNano }: OtlpSpan): number {
  return Number(startTimeUnixNano) / NS_PER_MS;
}
