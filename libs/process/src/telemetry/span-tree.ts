import { attributeOf, type OtlpSpan, type OtlpTraces } from './otlp-json.js';

/** A span where it stands in the tree of its trace. */
export interface SpanNode {
  readonly span: OtlpSpan;
  /** 0: it is part of nothing that is there. */
  readonly depth: number;
  /** Of Onescan, without that name before it. */
  readonly service: string;
  /** Pair, horizon, attempt and trainer, as far as it has them: what tells spans of one name apart. */
  readonly label: string;
  /** When it began, after the first span did. */
  readonly fromMs: number;
  readonly tookMs: number;
  readonly isFailed: boolean;
}

/** Spans deeper than any tree of a run are left out. */
const MOST_DEPTH = 16;

/** What OTLP calls an error. */
const ERROR = 2;
const NS_PER_MS = 1e6;

const LABELS: readonly [key: string, text: (value: unknown) => string][] = [
  ['onescan.pair', String],
  ['onescan.horizon', (horizon) => `h${horizon}`],
  ['onescan.attempt', (attempt) => (attempt === 1 ? '' : `attempt ${attempt}`)],
  ['onescan.trainer.id', String],
];

/**
 * Spans as a tree: parents before their children, these by their start. Each stands there once, whatever peers sent: where two
 * have one id, what is below them is not repeated, and a ring of spans is of no tree.
 */
export function spanTree({ resourceSpans }: OtlpTraces): SpanNode[] {
  const sorted = resourceSpans
    .flatMap(({ resource, scopeSpans }) => {
      const service = String(attributeOf(resource, 'service.name') ?? '').replace(/^onescan-/, '');
      return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ span, service })));
    })
    .sort((a, b) => startOf(a.span) - startOf(b.span));
  const ids = new Set(sorted.map(({ span }) => span.spanId));
  const children = new Map<string, typeof sorted>();
  for (const each of sorted) {
    const { parentSpanId = '' } = each.span;
    const parent = ids.has(parentSpanId) ? parentSpanId : '';
    const siblings = children.get(parent);
    if (siblings) siblings.push(each);
    else children.set(parent, [each]);
  }
  const first = sorted[0] ? startOf(sorted[0].span) : 0;
  const nodes: SpanNode[] = [];
  const added = new Set<OtlpSpan>();
  const add = (parent: string, depth: number): void => {
    for (const { span, service } of children.get(parent) ?? []) {
      if (added.has(span)) continue;
      added.add(span);
      const from = startOf(span);
      const tookMs = Math.max(0, Number(span.endTimeUnixNano) / NS_PER_MS - from);
      const isFailed = span.status.code === ERROR;
      nodes.push({ span, depth, service, label: labelOf(span), fromMs: from - first, tookMs, isFailed });
      if (depth < MOST_DEPTH) add(span.spanId, depth + 1);
    }
  };
  add('', 0);
  return nodes;
}

function labelOf(span: OtlpSpan): string {
  return LABELS.map(([key, text]) => {
    const value = attributeOf(span, key);
    return value === undefined ? '' : text(value);
  })
    .filter((part) => part !== '')
    .join(' ');
}

function startOf({ startTimeUnixNano }: OtlpSpan): number {
  return Number(startTimeUnixNano) / NS_PER_MS;
}
