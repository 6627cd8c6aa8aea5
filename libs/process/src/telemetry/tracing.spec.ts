import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type HrTime, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, expect, test, vi } from 'vitest';
import { preciseNowMs, withSpan } from './tracing.js';

afterEach(() => vi.restoreAllMocks());

test('times do not go back where the wall clock and the precise one part', () => {
  const wall = 1_800_000_000_000;
  vi.spyOn(Date, 'now').mockReturnValue(wall);
  const precise = vi.spyOn(performance, 'now');
  const told = [0.7, 0.9, 1.01, -0.2].map((part) => {
    precise.mockReturnValue(wall + part - performance.timeOrigin);
    return preciseNowMs();
  });
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told[1]! - wall).toBeCloseTo(0.9, 2);
  vi.mocked(Date.now).mockReturnValue(wall - 5_000);
  expect(preciseNowMs()).toBe(wall - 5_000);
});

/** Runs `fn` with tracing; the spans that it left, by name. */
async function spansOf(fn: () => Promise<unknown>): Promise<Map<string, ReadableSpan>> {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  try {
    await fn();
    return new Map(exporter.getFinishedSpans().map((span) => [span.name, span]));
  } finally {
    await provider.shutdown();
    trace.disable();
  }
}

test('a span lies within its parent, to the fraction of a millisecond', async () => {
  for (let i = 0; i < 50; i++) {
    const spans = await spansOf(() =>
      withSpan('parent', {}, () =>
        withSpan('child', {}, async () => {
          // Less than a millisecond.
          for (const until = performance.now() + 0.4 + i / 100; performance.now() < until; );
        }),
      ),
    );
    const [parent, child] = [spans.get('parent')!, spans.get('child')!];
    expect(nanos(child.startTime)).toBeGreaterThanOrEqual(nanos(parent.startTime));
    expect(nanos(child.endTime)).toBeLessThanOrEqual(nanos(parent.endTime));
  }
});

test('what was cancelled is no error, and what nobody asks for any more is not written', async () => {
  const spans = await spansOf(async () => {
    const cancelled = new OnescanError('CANCELLED', 'enough');
    await withSpan('cancelled', {}, () => Promise.reject(cancelled)).catch(() => undefined);
    await withSpan('left', { isLeft: () => true }, () => Promise.reject(cancelled)).catch(() => undefined);
    await withSpan('failed', { isLeft: () => false }, () => Promise.reject(new Error('oh'))).catch(
      () => undefined,
    );
  });
  expect([...spans.keys()]).toEqual(['cancelled', 'failed']);
  expect(spans.get('cancelled')!.status.code).toBe(SpanStatusCode.UNSET);
  expect(spans.get('cancelled')!.events[0]!.name).toBe('cancelled');
  expect(spans.get('failed')!.status.code).toBe(SpanStatusCode.ERROR);
});

function nanos([seconds, rest]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}
