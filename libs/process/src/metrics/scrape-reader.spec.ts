import { spawnSync } from 'node:child_process';
import { trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withSpan } from '../telemetry/tracing.js';
import { hasProgram, Prometheus, untilSo } from '../testing/prometheus.js';
import type { MetricTable } from './metric-table.js';
import { PROCESS_METRICS, recordProcess } from './process-metrics.js';
import { type Metrics, startMetrics } from './start-metrics.js';

const TABLE = {
  'test.work.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'of a "test",\nsaid in \\ two lines',
    attributes: { stage: ['first', 'second'] },
    buckets: [0.1, 1, 10],
  },
  'test.done': { kind: 'counter', unit: '{piece}', doc: 'pieces' },
} as const satisfies MetricTable;

const OPEN = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

const provider = new NodeTracerProvider();
let metrics: Metrics;
let traceId = '';
let spanId = '';

beforeAll(async () => {
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'team=blue');
  provider.register();
  metrics = await startMetrics('onescan-test', '127.0.0.1:0', { warn: () => {}, info: () => {} } as never);
  const instruments = metrics.instruments(TABLE);
  recordProcess(metrics.instruments(PROCESS_METRICS), () => 1024);
  instruments.add('test.done', 2);
  instruments.record('test.work.duration_seconds', 0.5, { stage: 'second' });
  await withSpan('work', {}, async (span) => {
    ({ traceId, spanId } = span.spanContext());
    instruments.record('test.work.duration_seconds', 2, { stage: 'first' });
  });
});
afterAll(async () => {
  await metrics.close();
  await provider.shutdown();
  trace.disable();
  vi.unstubAllEnvs();
});

async function scrape(accept: string): Promise<{ type: string; text: string }> {
  const answer = await fetch(metrics.address!, { headers: { accept } });
  return { type: answer.headers.get('content-type')!, text: await answer.text() };
}

it('tells the figures in the text format, which promtool finds no fault with', async () => {
  const { type, text } = await scrape('*/*');
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  for (const line of [
    '# TYPE test_done_total counter',
    'test_done_total 2',
    'test_work_duration_seconds_bucket{stage="first",le="1"} 0',
    'test_work_duration_seconds_bucket{stage="first",le="10"} 1',
    'test_work_duration_seconds_bucket{stage="first",le="+Inf"} 1',
    'test_work_duration_seconds_sum{stage="first"} 2',
    'onescan_process_memory_limit_bytes 1024',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  // Other specs of this process lose some.
  expect(text).toMatch(/^onescan_spans_dropped_total.destination="collector". \d+$/m);
  expect(text).not.toContain(traceId);
  for (const part of ['service_name="onescan-test"', 'team="blue"', 'service_instance_id="', 'host_name="'])
    expect(text).toContain(part);
  if (!hasProgram('promtool')) return;
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});

it('tells the trace of a measurement in OpenMetrics, and none of one that has none', async () => {
  const { type, text } = await scrape(OPEN);
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const lines = text.split('\n');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  expect(lines).toContain('# TYPE test_done counter');
  expect(lines).toContain('test_done_total 2');
  expect(lines).toContain('# UNIT test_work_duration_seconds seconds');
  const marked = lines.filter((line) => line.includes(' # {'));
  expect(marked).toHaveLength(1);
  const exemplar = `# {trace_id="${traceId}",span_id="${spanId}"} 2 `;
  expect(marked[0]).toContain(`test_work_duration_seconds_bucket{stage="first",le="10"} 1 ${exemplar}`);
});

it('answers nothing but a look at /metrics', async () => {
  const { origin } = new URL(metrics.address!);
  expect((await fetch(`${origin}/`)).status).toBe(404);
  expect((await fetch(metrics.address!, { method: 'POST', body: 'x' })).status).toBe(405);
});

describe.skipIf(!hasProgram('prometheus'))('a real Prometheus (needs prometheus)', () => {
  it('reads figures and exemplars', async () => {
    const prometheus = await Prometheus.start({ test: new URL(metrics.address!).host });
    try {
      await untilSo(async () => (await prometheus.exemplars('test_work_duration_seconds_bucket')).length > 0);
      const [series] = await prometheus.exemplars('test_work_duration_seconds_bucket');
      expect(series!.exemplars[0]!.labels).toEqual({ trace_id: traceId, span_id: spanId });
      expect((await prometheus.query('test_done_total'))[0]!.value[1]).toBe('2');
    } finally {
      prometheus.stop();
    }
  }, 90_000);
});
