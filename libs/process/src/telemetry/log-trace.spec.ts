import { trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../log.js';
import { noteTrace } from './log-trace.js';
import { withSpan } from './tracing.js';

const provider = new NodeTracerProvider();
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = '00f067aa0ba902b7';
beforeAll(() => provider.register());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
});

const lines: string[] = [];
const log = createLog('test', { write: (line) => lines.push(line) });
function said(): Record<string, unknown> {
  return JSON.parse(lines.splice(0).join(''));
}

test('a line carries the ids of the span in which it is written', async () => {
  await withSpan('work', {}, async (span) => {
    log.info({ runId: 'r1' }, 'inside');
    const { traceId, spanId } = span.spanContext();
    expect(said()).toMatchObject({ trace_id: traceId, span_id: spanId, runId: 'r1' });
  });
});

test('else those of the run or the task that it names, as long as they are known', () => {
  noteTrace('r1', `00-${TRACE}-${SPAN_ID}-01`);
  log.info({ runId: 'r1' }, 'outside');
  expect(said()).toMatchObject({ trace_id: TRACE, span_id: SPAN_ID });
  log.info({ task: 'r1/eurusd/h15#2' }, 'of a trainer');
  expect(said()).toMatchObject({ trace_id: TRACE, span_id: SPAN_ID });
  log.info({ runId: 'r2' }, 'another');
  expect(said()).not.toHaveProperty('trace_id');
  noteTrace('r1', '');
  log.info({ runId: 'r1' }, 'over');
  expect(said()).not.toHaveProperty('trace_id');
});
