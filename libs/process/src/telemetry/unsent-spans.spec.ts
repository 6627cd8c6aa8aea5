import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spanIds } from './span-ids.js';
import { failSpan, withSpan } from './tracing.js';
import { UnsentSpans } from './unsent-spans.js';

let folder: string;
let path: string;
let provider: NodeTracerProvider;
let exporter: InMemorySpanExporter;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-unsent-'));
  path = join(folder, 'unsent.jsonl');
});
afterEach(async () => {
  await provider?.shutdown();
  trace.disable();
  rmSync(folder, { recursive: true, force: true });
});

/** A process with spans on their way; the one before is gone without a word. */
function born(): UnsentSpans {
  trace.disable();
  const unsent = new UnsentSpans();
  exporter = new InMemorySpanExporter();
  const spanProcessors = [unsent, new SimpleSpanProcessor(exporter)];
  provider = new NodeTracerProvider({ idGenerator: spanIds, spanProcessors });
  provider.register();
  unsent.sending();
  unsent.keepIn(path);
  return unsent;
}

/** All that a span says, without what it is of. */
function said(span: ReadableSpan): object {
  const { name, kind, startTime, endTime, attributes, links, events, status, parentSpanContext } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    ...{ name, kind, startTime, endTime, attributes, status, traceId, spanId },
    links: links.map(({ context, attributes }) => ({ spanId: context.spanId, attributes })),
    events: events.map(({ name, time, attributes }) => ({ name, time, attributes })),
    parent: parentSpanContext?.spanId,
  };
}

test('what a kill finds waiting the next process sends, as it was, and once', async () => {
  const first = born();
  await withSpan(
    'parent',
    { kind: SpanKind.SERVER, attributes: { pairs: ['a', 'b'], n: 3 } },
    async (parent) => {
      await withSpan(
        'child',
        { links: [{ context: parent.spanContext(), attributes: { why: 'retry' } }] },
        async (span) => {
          span.setAttributes({ usd: 0.25, cached: false });
          failSpan(span, new Error('oh'), 'LOST');
        },
      );
      await withSpan('sent', {}, async () => undefined);
    },
  );
  const before = exporter.getFinishedSpans();
  first.handed(before.filter(({ name }) => name === 'sent'));
  const waiting = before.filter(({ name }) => name !== 'sent').map(said);
  // The kill came in the middle of a line.
  appendFileSync(path, '{"resourceSpans":[{"reso');

  const second = born();
  const after = exporter.getFinishedSpans();
  expect(after.map(said)).toEqual(waiting);
  expect(after[0]!.status.code).toBe(SpanStatusCode.ERROR);
  second.handed(after);
  born();
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe('');
});

test('an orderly end leaves nothing, and neither does a process that sends nothing write', async () => {
  const first = born();
  await withSpan('late', {}, async () => undefined);
  await first.shutdown();
  expect(readFileSync(path, 'utf8')).toBe('');
  const silent = new UnsentSpans();
  writeFileSync(path, 'as it was');
  silent.keepIn(path);
  for (const span of exporter.getFinishedSpans()) silent.onEnd(span);
  expect(readFileSync(path, 'utf8')).toBe('as it was');
});

test('follows no link', () => {
  writeFileSync(join(folder, 'other'), 'theirs');
  symlinkSync(join(folder, 'other'), path);
  expect(() => born()).toThrow(/is a link/);
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('theirs');
});
