import { expect, it } from 'vitest';
import { MOST_ROWS, traceJson } from './trace-json.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

interface Made {
  readonly id: number;
  readonly parent?: number;
  readonly fromMs?: number;
  readonly failed?: boolean;
}

function document(spans: readonly Made[]): Buffer[] {
  const id = (n: number): string => n.toString(16).padStart(16, '0');
  const text = JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'onescan-trainer' } }] },
        scopeSpans: [
          {
            spans: spans.map(({ id: own, parent, fromMs = own, failed = false }) => ({
              ...{ traceId: TRACE, spanId: id(own), name: `span ${own}`, kind: 1 },
              ...(parent === undefined ? {} : { parentSpanId: id(parent) }),
              startTimeUnixNano: String(fromMs * 1e6),
              endTimeUnixNano: String((fromMs + 5) * 1e6),
              attributes: [{ key: 'onescan.pair', value: { stringValue: 'eurusd' } }],
              status: failed ? { code: 2, message: 'fell silent' } : {},
            })),
          },
        ],
      },
    ],
  });
  // In two parts, as it may come.
  return [Buffer.from(text.slice(0, 40)), Buffer.from(text.slice(40))];
}

interface Answer {
  readonly total: number;
  readonly spans: readonly { depth: number; name: string; fromMs: number; tookMs: number; failed: string }[];
}

function rowsOf(spans: readonly Made[]): Answer {
  return traceJson(document(spans)) as unknown as Answer;
}

it('spans stand below what they are part of, by their start, with what failed and of what they are', () => {
  const { spans, total } = rowsOf([
    { id: 10 },
    { id: 14, parent: 10 },
    { id: 12, parent: 10, failed: true },
    { id: 13, parent: 12 },
    { id: 11, parent: 999 },
  ]);
  expect(total).toBe(5);
  expect(spans.map(({ depth, name }) => [depth, name])).toEqual([
    [0, 'span 10'],
    [1, 'span 12'],
    [2, 'span 13'],
    [1, 'span 14'],
    [0, 'span 11'],
  ]);
  expect(spans[1]).toMatchObject({
    of: 'eurusd',
    service: 'trainer',
    fromMs: 2,
    tookMs: 5,
    failed: 'fell silent',
  });
});

it('of very many those deepest in the tree are left out, and a ring of spans is of no tree', () => {
  const leaves = Array.from({ length: MOST_ROWS }, (_, i) => ({ id: 100 + i, parent: 2 }));
  const { spans, total } = rowsOf([{ id: 1 }, { id: 2, parent: 1 }, ...leaves]);
  expect([spans.length, total]).toEqual([2, MOST_ROWS + 2]);
  expect(
    rowsOf([
      { id: 1, parent: 2 },
      { id: 2, parent: 1 },
    ]).spans,
  ).toEqual([]);
});

it('spans of one id are drawn once each, however they hold one another', () => {
  const same = Array.from({ length: 30 }, () => ({ id: 7, parent: 7 }));
  expect(rowsOf([{ id: 7 }, ...same]).spans).toHaveLength(31);
});
