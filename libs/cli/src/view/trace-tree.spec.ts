import { expect, it } from 'vitest';
import { sampleTrace } from '../testing/sample-trace.js';
import { traceTree } from './trace-tree.js';

it('spans of one id are drawn once each, however they hold one another, and a long chain to a depth', () => {
  const [{ scopeSpans, ...resource }] = sampleTrace().resourceSpans as [
    ReturnType<typeof sampleTrace>['resourceSpans'][number],
  ];
  const [scope] = scopeSpans;
  const [root] = scope!.spans;
  const id = (n: number): string => n.toString(16).padStart(16, '0');
  const of = (spanId: string, parentSpanId?: string) => ({ ...root!, spanId, parentSpanId });
  const tree = (spans: ReturnType<typeof of>[]) =>
    traceTree({ resourceSpans: [{ ...resource, scopeSpans: [{ ...scope!, spans }] }] }).split('\n');
  const header = tree([]).length;
  expect(tree([of(id(7)), ...Array.from({ length: 30 }, () => of(id(7), id(7)))]).length - header).toBe(31);
  const chain = Array.from({ length: 20_000 }, (_, n) => of(id(n + 1), n === 0 ? undefined : id(n)));
  expect(tree(chain).length - header).toBe(17);
});
