import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricTableDoc, prometheusName } from '@onescan/process/metrics/metric-table.js';
import { PROCESS_METRICS } from '@onescan/process/metrics/process-metrics.js';
import { freePort, readScrape } from '@onescan/process/testing/prometheus.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ScriptedHub } from '../testing/scripted-hub.js';
import { testAssignment } from '../testing/test-assignment.js';
import { writeTestDataset } from '../testing/test-dataset.js';
import { killProcess, startTrainerProcess } from '../testing/trainer-process.js';
import { TRAINER_METRICS } from './trainer-metrics.js';

const folder = mkdtempSync(join(tmpdir(), 'onescan-trainer-metrics-'));
const path = join(folder, 'pair.duckdb');
const LIMIT_BYTES = 1024 ** 3;

beforeAll(() => writeTestDataset(path));
afterAll(() => rmSync(folder, { recursive: true }));

it('tells its state, its attempts, their stages and its memory, by the names of the page', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const hub = await ScriptedHub.start();
  const flags = ['--id', 't1', '--metrics-listen', address, '--memory-limit', String(LIMIT_BYTES)];
  const child = startTrainerProcess(hub.address, flags);
  try {
    await hub.until(() => hub.of('register').length > 0);
    const { dataset, ...rest } = testAssignment({ overrides: { 'models.leaf.rounds': '5' } });
    const file = { ...dataset, datasetId: 'test-dataset', path, rows: 2000, columns: 17 };
    const task = { runId: 'r1', pair: 'eurusd', horizon: 15, attempt: 1 };
    hub.send({ $case: 'assign', value: { ...rest, task, dataset: file } });
    hub.send({
      $case: 'assign',
      value: { ...rest, task: { ...task, horizon: 30 }, dataset: { ...file, path: '/nowhere' } },
    });
    await hub.until(() => hub.of('result').length + hub.of('failure').length === 2);
    const { of, names } = await readScrape(address);
    expect(of('onescan_trainer_tasks_total{outcome="DONE"}')).toBeGreaterThan(0);
    for (const stage of ['load', 'prune', 'select', 'model', 'explain'])
      expect(of(`onescan_trainer_stage_duration_seconds_count{stage="${stage}"}`)).toBeGreaterThan(0);
    expect(of('onescan_trainer_state{state="IDLE"}')).toBe(1);
    expect(of('onescan_trainer_state{state="DRAINING"}')).toBe(0);
    expect(of('onescan_process_memory_limit_bytes')).toBe(LIMIT_BYTES);
    expect(of('onescan_process_memory_bytes')).toBeGreaterThan(0);
    hub.cut();
    await hub.until(() => hub.connections > 1);
    const call = 'onescan_rpc_client_duration_seconds_count{method="Connect",code="UNAVAILABLE"}';
    expect((await readScrape(address)).of(call)).toBe(1);
    const documented = Object.entries({ ...TRAINER_METRICS, ...PROCESS_METRICS }).map(([name, row]) =>
      prometheusName(name, row),
    );
    expect([...names, 'onescan_rpc_client_duration_seconds'].toSorted()).toEqual(documented.toSorted());
  } finally {
    await killProcess(child);
    await hub.stop();
  }
}, 60_000);

it('docs/metrics.md holds the table', () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${metricTableDoc(TRAINER_METRICS)}\n\n`);
});
