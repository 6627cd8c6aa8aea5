import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onescan } from '../command.js';
import { WAREHOUSE } from '../warehouse.js';

const PYTHON = fileURLToPath(new URL('apply-models.py', import.meta.url));
const OF = ['--pair', 'eurusd', '--horizon', '30'];
const RUN = [
  'run',
  '--pairs',
  'eurusd',
  '--horizons',
  '30',
  '--rows',
  '3000',
  '--preset',
  'quick',
  '--yes',
  '--json',
];
const EXCLUDE = ['--exclude', 'cov_*,corr_*,csi_*,var_*,tri_*,reg_*,agg_*,mom_*,vol_*,der_*'];

let folder: string;
let pids: number[] = [];
let first: string;
let dataset: string;

interface Ended {
  run: { runId: string; state: string; pairs: { dataset: { path: string } }[] };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-models-'));
  const up = await onescan(folder, 'up', '--warehouse', WAREHOUSE, '--trainers', '1', '--detach', '--json');
  const endpoint = JSON.parse(up.stdout) as { pid: number; services: Record<string, number> };
  pids = [endpoint.pid, ...Object.values(endpoint.services)];
  const { run } = last(await onescan(folder, ...RUN, ...EXCLUDE));
  expect(run.state).toBe('RUN_STATE_COMPLETED');
  first = run.runId;
  dataset = run.pairs[0]!.dataset.path;
}, 120_000);

afterAll(async () => {
  await onescan(folder, 'down');
  for (const pid of pids) if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function last({ stdout }: { stdout: string }): Ended {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Ended;
}

/** Numbers of a CSV file by row. */
function numbers(name: string): number[][] {
  const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.split(',').map((field) => (field === '' ? Number.NaN : Number(field))));
}

test('a run without models says how to get them; a rerun has them, and they predict what was explained', async () => {
  const without = await onescan(folder, 'model', first, ...OF);
  expect(without.code).toBe(2);
  expect(without.stderr).toContain('has no models');
  expect(without.stderr).toContain('onescan rerun RUN --set models.export=yes');

  const settings = ['--set', 'models.export=yes', '--set', 'explain.export=yes'];
  const { run } = last(await onescan(folder, 'rerun', first, ...settings, '--json'));
  expect(run.state).toBe('RUN_STATE_COMPLETED');
  expect((await onescan(folder, 'model', run.runId, ...OF, '--out', 'm')).code).toBe(0);
  expect((await onescan(folder, 'explain', run.runId, ...OF, '--out', 'shap.parquet')).code).toBe(0);
  expect((await onescan(folder, 'predict', 'm', '--data', dataset, '--out', 'p.parquet')).code).toBe(0);

  const { direction } = JSON.parse(readFileSync(join(folder, 'm', 'model.json'), 'utf8')) as {
    direction: { calibration: { slope: number; intercept: number } };
  };
  const { slope, intercept } = direction.calibration;
  const connection = await (await openDuckDb(':memory:')).connect();
  const [found] = (
    await connection.runAndReadAll(`
      SELECT count(*)::INTEGER AS rows,
        max(abs(${slope} * p.log_odds + ${intercept} - s.log_odds) / greatest(1, abs(s.log_odds))) AS off,
        max(abs(p.probability - 1 / (1 + exp(-s.log_odds)))) AS probability_off
      FROM '${join(folder, 'shap.parquet')}' s JOIN '${join(folder, 'p.parquet')}' p USING (interval_time)`)
  ).getRowObjects();
  expect(found!.rows).toBeGreaterThan(2500);
  expect(found!.off).toBeLessThan(1e-12);
  expect(found!.probability_off).toBeLessThan(1e-12);
  connection.closeSync();
}, 120_000);

test('the same rows as CSV, Parquet and dataset have the same predictions', async () => {
  await exportFeatures();
  for (const data of [dataset, 'features.csv', 'features.parquet']) {
    const out = `${data === dataset ? 'dataset' : data}.predicted.csv`;
    expect(await onescan(folder, 'predict', 'm', '--data', data, '--out', out)).toMatchObject({ code: 0 });
  }
  const own = readFileSync(join(folder, 'dataset.predicted.csv'), 'utf8');
  expect(own.split('\n').length).toBeGreaterThan(2500);
  expect(readFileSync(join(folder, 'features.csv.predicted.csv'), 'utf8')).toBe(own);
  expect(readFileSync(join(folder, 'features.parquet.predicted.csv'), 'utf8')).toBe(own);
}, 120_000);

const hasLightGbm = spawnSync('python3', ['-c', 'import lightgbm, numpy']).status === 0;
if (!hasLightGbm) console.warn('skipped: python3 has no lightgbm, which models are compared with');

test.skipIf(!hasLightGbm)(
  'LightGBM in Python, as docs/models.md shows, predicts the same',
  () => {
    const made = spawnSync('python3', [PYTHON, 'm', 'features.csv', 'python.csv'], { cwd: folder });
    expect(String(made.stderr)).toBe('');
    const python = numbers('python.csv');
    const [head, ...own] = numbers('dataset.predicted.csv');
    expect(own).toHaveLength(python.length);
    own.forEach((row, k) => {
      const [logOdds, probability] = row.slice(head!.length - 3);
      if (Number.isNaN(logOdds)) return;
      expect(Math.abs(python[k]![0]! - logOdds!)).toBeLessThan(1e-6 * Math.max(1, Math.abs(logOdds!)));
      expect(Math.abs(python[k]![1]! - probability!)).toBeLessThan(1e-6);
    });
  },
  120_000,
);

/** The table that docs/dataset-format.md describes, as users would export it. */
async function exportFeatures(): Promise<void> {
  const instance = await openDuckDb(dataset, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  for (const format of ['csv', 'parquet']) {
    await connection.run(
      `COPY (FROM features) TO '${join(folder, `features.${format}`)}' (FORMAT ${format})`,
    );
  }
  connection.closeSync();
  instance.closeSync();
}
