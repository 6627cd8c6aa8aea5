import { OnescanError } from '@onescan/contract/onescan-error.js';
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
const FAILED = '00f067aa0ba902b7';

beforeAll(() => provider.register());
afterEach(() => exporter.reset());
afterAll(() => provider.shutdown());

const traceparent = (span: string): string => `00-${TRACE}-${span}-01`;
const named = (name: string): ReadableSpan | undefined =>
  exporter.getFinishedSpans().find((span) => span.name === name);

const summary = {
  pair: 'eurusd',
  horizon: 15,
  verdict: 'SKILL',
  verdictText: '',
  auc: 0.6,
  accuracy: 0.57,
  bestBaseline: 'overlap',
  bestBaselineAccuracy: 0.5,
  skill: 0.07,
  skillLow: 0.01,
  skillHigh: 0.1,
  featuresTested: 17,
  featuresRetained: 3,
  expectedFalseSelections: 1,
  suspectedLeaks: [],
  suspicions: [],
};

test("the horizon under the coordinator's span, stages under the horizon with the times told", () => {
  const spans = new TaskSpans(testAssignment({ traceparent: traceparent(PARENT) }), 't1');
  spans.onStage({ kind: 'stage', stage: 'select', event: 'start', at: 1_700_000_000_000, facts: {} });
  spans.onStage({
    kind: 'stage',
    stage: 'select',
    event: 'end',
    at: 1_700_000_002_500,
    facts: { selected: 3 },
  });
  spans.succeed(summary);
  const horizon = named('horizon')!;
  expect(horizon.spanContext().traceId).toBe(TRACE);
  expect(horizon.parentSpanContext?.spanId).toBe(PARENT);
  expect(spans.traceparent).toBe(traceparent(horizon.spanContext().spanId));
  expect(horizon.attributes).toMatchObject({
    [ATTRIBUTE.pair]: 'eurusd',
    [ATTRIBUTE.horizon]: 15,
    [ATTRIBUTE.attempt]: 1,
    [ATTRIBUTE.verdict]: 'SKILL',
    [ATTRIBUTE.featuresTested]: 17,
    [ATTRIBUTE.featuresRetained]: 3,
  });
  const select = named('select')!;
  expect(select.parentSpanContext?.spanId).toBe(horizon.spanContext().spanId);
  expect(select.startTime).toEqual([1_700_000_000, 0]);
  expect(select.duration).toEqual([2, 500_000_000]);
  expect(select.attributes).toEqual({ 'onescan.stage.selected': 3 });
});

test('a retried attempt links to the one that failed', () => {
  const spans = new TaskSpans(
    testAssignment({ traceparent: traceparent(PARENT), failedTraceparent: traceparent(FAILED) }),
    't1',
  );
  spans.succeed(summary);
  expect(named('horizon')?.links.map((link) => link.context.spanId)).toEqual([FAILED]);
});

test('a failure marks the horizon and the stage under way', () => {
  const spans = new TaskSpans(testAssignment({ traceparent: traceparent(PARENT) }), 't1');
  spans.onStage({ kind: 'stage', stage: 'model', event: 'start', at: Date.now(), facts: {} });
  spans.fail('OUT_OF_MEMORY', new OnescanError('ABORTED', 'too big'));
  expect(named('model')?.status).toMatchObject({ code: SpanStatusCode.ERROR, message: 'too big' });
  expect(named('horizon')?.status.code).toBe(SpanStatusCode.ERROR);
  expect(named('horizon')?.attributes[ATTRIBUTE.failureKind]).toBe('OUT_OF_MEMORY');
});
