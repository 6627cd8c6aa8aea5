import type { ReceivedSpan } from './otlp-traces.js';

/**
 * What a Jaeger would find wrong with the spans of a trace: ids that two spans have, parents that are not there, and spans
 * that do not lie within their parent (it takes those for skewed clocks). A span that lasts longer than its parent only
 * has to begin after it: it was waited for no longer.
 */
export function traceFaults(spans: readonly ReceivedSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const span of spans) {
    const name = `${span.service} ${span.name} ${span.attributes['onescan.pair'] ?? ''} ${span.attributes['onescan.horizon'] ?? ''}#${span.attributes['onescan.attempt'] ?? ''}`;
    if (seen.has(span.spanId)) faults.push(`${name}: its id is there twice`);
    seen.add(span.spanId);
    if (span.end < span.start) faults.push(`${name}: ends ${span.start - span.end} ns before it begins`);
    if (span.parentSpanId === '') continue;
    const parent = byId.get(span.parentSpanId);
    if (!parent) {
      faults.push(`${name}: its parent is not there`);
      continue;
    }
    const early = parent.start - span.start;
    if (early > 0n) faults.push(`${name}: begins ${early} ns before ${parent.name}`);
    const late = span.end - parent.end;
    const isLonger = span.end - span.start > parent.end - parent.start;
    if (late > 0n && !isLonger) faults.push(`${name}: ends ${late} ns after ${parent.name}`);
  }
  return faults;
}
