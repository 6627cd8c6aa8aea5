import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, runResults, startRun } from './runs.js';
import { Stack } from './stack.js';
import { WAREHOUSE } from './warehouse.js';

const warehouse = mkdtempSync(join(tmpdir(), 'onescan-doubled-'));
const TABLE = 'bqx_ml_v3_features_v2.base_idx_usdjpy';
let stack: Stack;

beforeAll(async () => {
  cpSync(WAREHOUSE, warehouse, { recursive: true });
  await doubleAKey();
  stack = await Stack.start({ warehouse, trainers: 1 });
});
afterAll(async () => {
  await stack.stop();
  rmSync(warehouse, { recursive: true });
});

/** Trap 7: a key that occurs twice multiplies rows in every join. */
async function doubleAKey(): Promise<void> {
  const file = join(warehouse, 'warehouse.duckdb');
  const instance = await openDuckDb(file);
  const connection = await instance.connect();
  await connection.run(`INSERT INTO ${TABLE} SELECT * FROM ${TABLE} USING SAMPLE 50 PERCENT (bernoulli, 1)`);
  await connection.run('CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
  const manifest = join(warehouse, 'warehouse.json');
  const facts = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
  writeFileSync(manifest, JSON.stringify({ ...facts, databaseBytes: statSync(file).size }));
}

test('a doubled key ends the run while it is planned, by the name of the table, and nothing is billed', async () => {
  const run = await finishRun(stack, await startRun(stack, quickSpec({ horizons: [15] })));
  const problems = run.problems.join('\n');
  expect(run.state, problems).toBe(RunState.RUN_STATE_FAILED);
  expect(problems).toMatch(/base_idx_usdjpy holds the key .* 2 times/);
  expect(problems).toContain('universe.exclude');
  expect(await stack.queryJobs()).toEqual([]);
  expect(await runResults(stack, run.runId)).toEqual([]);
});
