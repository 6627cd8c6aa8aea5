import type { Json } from '@onescan/contract/message-json.js';
import type { OtlpTraces } from '@onescan/process/telemetry/otlp-json.js';
import { type SpanNode, spanTree } from '@onescan/process/telemetry/span-tree.js';

/** Spans that the page is given; of more those deepest in the tree are left out. */
export const MOST_ROWS = 2_000;

/** The document that GetTrace sends, as rows of its tree: parents before their children, these by their start. */
export function traceJson(chunks: readonly Uint8Array[]): Json {
  const nodes = spanTree(JSON.parse(Buffer.concat(chunks).toString('utf8')) as OtlpTraces);
  const shown = nodes.length > MOST_ROWS ? withoutDeepest(nodes) : nodes;
  return { spans: shown.map(rowOf), total: nodes.length };
}

function rowOf({ span, depth, label: of, service, fromMs, tookMs, isFailed }: SpanNode): Json {
  const failed = isFailed ? span.status.message || 'failed' : '';
  return { depth, name: span.name, of, service, fromMs, tookMs, failed };
}

function withoutDeepest(nodes: readonly SpanNode[]): SpanNode[] {
  const depths = nodes.map(({ depth }) => depth).sort((a, b) => a - b);
  const deepest = depths[MOST_ROWS]!;
  return nodes.filter(({ depth }) => depth < deepest).slice(0, MOST_ROWS);
}
