import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApprovalMode } from '@onescan/contract/generated/onescan/v1/spec.js';
import { FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { metricTableDoc, prometheusName } from '@onescan/process/metrics/metric-table.js';
import { PROCESS_METRICS } from '@onescan/process/metrics/process-metrics.js';
import { spanIds } from '@onescan/process/telemetry/span-ids.js';
import { freePort, readScrape } from '@onescan/process/testing/prometheus.js';
import { trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterEach, expect, it, vi } from 'vitest';
import { PAIR_BYTES, PAIR_USD } from '../testing/scripted-fetcher.js';
import { TestStack } from '../testing/test-stack.js';
import { COORDINATOR_METRICS } from './coordinator-metrics.js';

const PATIENCE = { timeout: 60_000 };

let stack: TestStack | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await stack?.close();
  stack = undefined;
});

it('tells what runs, waits, was done, tried again, approved and billed, by the names of the page', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  stack = await TestStack.start({}, { metricsListen: address });
  const waiting = await stack.startRun({
    pairs: ['usdjpy'],
    horizons: [15],
    approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL,
  });
  await stack.reach(waiting, 'RUN_STATE_AWAITING_APPROVAL');
  let failed = false;
  stack.addTrainers(1, (assign, trainer) => {
    if (failed) return trainer.succeed(assign);
    failed = true;
    trainer.fail(assign, FailureKind.FAILURE_KIND_CRASH);
  });
  await stack.complete({ pairs: ['eurusd'], horizons: [15, 30] });
  const { text, of, names } = await readScrape(address);
  expect(of('onescan_runs{state="AWAITING_APPROVAL"}')).toBe(1);
  expect(of('onescan_run_ends_total{state="COMPLETED"}')).toBe(1);
  expect(of('onescan_run_approval_age_seconds')).toBeGreaterThan(0);
  expect(of('onescan_task_attempts_total{state="READY"}')).toBe(1);
  expect(of('onescan_task_attempts_total{state="DONE"}')).toBe(2);
  expect(of('onescan_task_failures_total{kind="CRASH",state="READY"}')).toBe(1);
  expect(of('onescan_reserved_bytes')).toBe(0);
  expect(of('onescan_state_database_bytes')).toBeGreaterThan(0);
  expect(of('onescan_task_queue_duration_seconds_count')).toBe(3);
  expect(of('onescan_fetch_duration_seconds_count{source="fetched"}')).toBe(1);
  expect(of('onescan_trainers{state="idle"}')).toBe(1);
  expect(of('onescan_rpc_duration_seconds_count{method="StartRun",code="OK"}')).toBe(2);
  expect(of('onescan_billed_bytes_total')).toBe(Number(PAIR_BYTES));
  expect(of('onescan_approved_usd_total')).toBe(PAIR_USD);
  expect(of('onescan_trainer_memory_utilization_ratio')).toBeCloseTo(100 / 1024, 6);
  expect(of('onescan_state_disk_free_bytes')).toBeGreaterThan(0);
  const told = new Set(names);
  const documented = Object.entries({ ...COORDINATOR_METRICS, ...PROCESS_METRICS }).map(([name, row]) =>
    prometheusName(name, row),
  );
  expect([...told].filter((name) => !documented.includes(name))).toEqual([]);
  // Not where nothing limits the test.
  told.add('onescan_process_memory_limit_bytes');
  // Every series that can be is there, but for those of what has not happened yet.
  expect(documented.filter((name) => !told.has(name))).toEqual([]);
  if (spawnSync('promtool', ['--version']).status === 0) {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  }
});

it('says of a duration which trace it is from', async () => {
  const provider = new NodeTracerProvider({ idGenerator: spanIds });
  provider.register();
  try {
    const address = `127.0.0.1:${await freePort()}`;
    stack = await TestStack.start({}, { metricsListen: address });
    stack.addTrainers(1);
    const { traceId, tasks } = await stack.complete({ pairs: ['eurusd'], horizons: [15] });
    const { text } = await readScrape(address, 'application/openmetrics-text');
    const { spanId } = tasks[0]!.attempts[0]!;
    expect(text).toMatch(
      new RegExp(
        `^onescan_task_queue_duration_seconds_bucket.* # .trace_id="${traceId}",span_id="${spanId}"`,
        'm',
      ),
    );
    expect(text).toMatch(
      new RegExp(`^onescan_fetch_duration_seconds_bucket.* # .trace_id="${traceId}"`, 'm'),
    );
  } finally {
    await provider.shutdown();
    trace.disable();
  }
});

it('sends to a collector where OTEL_METRICS_EXPORTER says so, and ends well when there is none', async () => {
  const received: string[] = [];
  const collector = createHttpServer((request, response) => {
    received.push(request.url ?? '');
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'otlp');
  vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', `http://127.0.0.1:${port}/v1/metrics`);
  stack = await TestStack.start();
  await stack.stopCoordinator();
  expect(received).toContain('/v1/metrics');
  collector.close();
  collector.closeAllConnections();
  await stack.startCoordinator();
  const begun = performance.now();
  await stack.stopCoordinator();
  expect(performance.now() - begun).toBeLessThan(PATIENCE.timeout / 10);
});

it('docs/metrics.md holds the table', () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${metricTableDoc(COORDINATOR_METRICS)}\n\n`);
});
