import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, expect, test } from 'vitest';
import { attributeOf, readOtlpJson, spansOf } from './otlp-json.js';
import { SpanTap } from './span-tap.js';

const tap = new SpanTap();
const provider = new NodeTracerProvider({ spanProcessors: [tap] });
const tracer = provider.getTracer('test');
afterAll(() => provider.shutdown());

test('the spans of a trace are taken once, as OTLP JSON that can be read', () => {
  const root = tracer.startSpan('root', { attributes: { pair: 'eurusd', horizon: 15, names: ['a', 'b'] } });
  const { traceId } = root.spanContext();
  const child = tracer.startSpan(
    'child',
    { links: [{ context: root.spanContext() }] },
    trace.setSpan(ROOT_CONTEXT, root),
  );
  child.recordException({ name: 'LOST', message: 'gone' });
  child.end();
  root.end();
  tracer.startSpan('of another trace').end();
  const spans = spansOf(readOtlpJson(tap.take(traceId), traceId));
  expect(spans.map(({ name }) => name)).toEqual(['child', 'root']);
  expect(attributeOf(spans[1]!, 'horizon')).toBe(15);
  expect(attributeOf(spans[1]!, 'pair')).toBe('eurusd');
  expect(spans[0]!.events[0]!.name).toBe('exception');
  expect(tap.take(traceId)).toHaveLength(0);
});

test('only traces that are wanted are kept', () => {
  const none = new SpanTap(() => false);
  const only = new NodeTracerProvider({ spanProcessors: [none] });
  const span = only.getTracer('test').startSpan('of a stranger');
  span.end();
  expect(none.take(span.spanContext().traceId)).toHaveLength(0);
});

test('what nobody takes is dropped beyond a bound', () => {
  const first = tracer.startSpan('first');
  first.end();
  for (let i = 0; i < 64; i++) tracer.startSpan('one more trace').end();
  expect(tap.take(first.spanContext().traceId)).toHaveLength(0);
});
