import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { RunState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
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
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(`INSERT INTO ${TABLE} SELECT * FROM ${TABLE} USING SAMPLE 50 PERCENT (bernoulli, 1)`);
  await connection.run('CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
  const manifest = join(warehouse, 'warehouse.json');
  const facts = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
  writeFileSync(manifest, JSON.stringify({ ...facts, databaseBytes: statSync(file).size }));
}

test('a doubled key fails the pair by the name of the table, the other pair completes', async () => {
  const spec = quickSpec({ horizons: [15], sample: { rows: 2000 } });
  const run = await finishRun(stack, await startRun(stack, spec));
  expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
  const problems = run.problems.join('\n');
  expect(problems).toContain('base_idx_usdjpy');
  expect(problems).toMatch(/twice|doubled|duplicate|unique/i);
  expect((await runResults(stack, run.runId)).map((result) => result.pair)).toEqual(['eurusd']);
});
