import { ATTRIBUTE } from '@onescan/process/telemetry/attributes.js';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { testAssignment } from '../testing/test-assignment.js';
import { TaskSpans } from './task-spans.js';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

beforeAll(() => provider.register());
afterEach(() => exporter.reset());
afterAll(() => provider.shutdown());

const traceparent = `00-${TRACE}-${PARENT}-01`;
const start = (stage: 'select' | 'model', at = Date.now()) =>
  ({ kind: 'stage', stage, event: 'start', at, facts: {} }) as const;
const end = (stage: 'select' | 'model', at = Date.now()) =>
  ({ kind: 'stage', stage, event: 'end', at, facts: { selected: 3 } }) as const;
const named = (name: string): ReadableSpan | undefined =>
  exporter.getFinishedSpans().find((span) => span.name === name);

test("stages under the attempt's span, which the coordinator writes, with the times told", () => {
  const spans = new TaskSpans(testAssignment({ traceparent }), 't1');
  spans.onStage(start('select', 1_700_000_000_000), 0);
  spans.onStage(end('select', 1_700_000_002_500), 7_000);
  const select = named('select')!;
  expect(select.spanContext().traceId).toBe(TRACE);
  expect(select.parentSpanContext?.spanId).toBe(PARENT);
  expect(select.startTime).toEqual([1_700_000_000, 0]);
  expect(select.duration).toEqual([2, 500_000_000]);
  expect(select.attributes).toEqual({
    [ATTRIBUTE.runId]: 'r1',
    [ATTRIBUTE.pair]: 'eurusd',
    [ATTRIBUTE.horizon]: 15,
    [ATTRIBUTE.attempt]: 1,
    [ATTRIBUTE.trainerId]: 't1',
    [ATTRIBUTE.peakRssBytes]: 7_000,
    [ATTRIBUTE.memoryBand]: 'below 0.5 GiB',
    'onescan.stage.selected': 3,
  });
  expect(exporter.getFinishedSpans()).toHaveLength(1);
});

test('a figure that there is not is left out: it would make the whole trace unreadable', () => {
  const spans = new TaskSpans(testAssignment({ traceparent }), 't1');
  spans.onStage(start('model'), 0);
  const facts = { auc: Number.NaN, gain: Number.NEGATIVE_INFINITY, kept: 0 };
  spans.onStage({ kind: 'stage', stage: 'model', event: 'end', at: Date.now(), facts }, 0);
  const { attributes } = named('model')!;
  expect(attributes['onescan.stage.kept']).toBe(0);
  expect(
    Object.values(attributes).filter((value) => typeof value === 'number' && !Number.isFinite(value)),
  ).toEqual([]);
});

test('a failure ends the stage under way with its kind, once', () => {
  const spans = new TaskSpans(testAssignment({ traceparent }), 't1');
  spans.onStage(start('model'), 0);
  spans.onMemory('shrink', 5);
  spans.onMemory('shrink', 6);
  spans.onMemory('abort', 7);
  spans.fail('OUT_OF_MEMORY', 'too big');
  spans.fail('CRASH', 'again');
  const { status, events } = named('model')!;
  expect(status).toMatchObject({ code: SpanStatusCode.ERROR, message: 'too big' });
  expect(events.map(({ name }) => name)).toEqual(['memory shrink', 'memory abort', 'exception']);
  expect(events.at(-1)!.attributes).toMatchObject({ 'exception.type': 'OUT_OF_MEMORY' });
  expect(exporter.getFinishedSpans()).toHaveLength(1);
});

test('what is handed back is no error, and what was cancelled ended before with its attempt', () => {
  const spans = new TaskSpans(testAssignment({ traceparent }), 't1');
  spans.onStage(start('model'), 0);
  spans.fail('CANCELLED', 'not wanted');
  expect(exporter.getFinishedSpans()).toEqual([]);
  spans.onStage(start('model'), 0);
  spans.fail('HANDED_BACK', 'not now');
  expect(named('model')!.status.code).toBe(SpanStatusCode.UNSET);
});

test('there is none where the coordinator has no trace', () => {
  const spans = new TaskSpans(testAssignment({ traceparent: '' }), 't1');
  spans.onStage(start('select'), 0);
  spans.onStage(end('select'), 0);
  spans.onStage(start('model'), 0);
  spans.fail('CRASH', 'gone');
  expect(exporter.getFinishedSpans()).toEqual([]);
});
