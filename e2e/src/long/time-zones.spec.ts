import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { changeDatabase } from '@onescan/fetcher/testing/tiny-warehouse.js';
import { FEATURE_SCHEMA, TARGET_SCHEMA } from '@onescan/warehouse/testing/schema.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { fingerprint, type RunFingerprint } from '../faults/run-fingerprint.js';
import { quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

let folder = '';
/** By kind of key, which is part of a dataset's identity and so of a document; what was found has to be the same for all. */
const expected = new Map<string, RunFingerprint>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-zones-'));
  for (const name of ['times', 'instants', 'mixed'])
    cpSync(WAREHOUSE, join(folder, name), { recursive: true });
  const instant = (table: string): string =>
    `ALTER TABLE ${table} ALTER interval_time TYPE TIMESTAMP WITH TIME ZONE`;
  const targets = instant(`${TARGET_SCHEMA}.targets_eurusd`);
  const features = ['agg_eurusd', 'base_idx_eurusd', 'base_bqx_eurusd'].map((name) =>
    instant(`${FEATURE_SCHEMA}.${name}`),
  );
  await changeDatabase(join(folder, 'mixed'), features);
  await changeDatabase(join(folder, 'instants'), [targets, ...features]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu'];
const KINDS = ['times', 'instants', 'mixed'];
const MATRIX = ZONES.flatMap((zone) => KINDS.map((kind) => ({ zone, kind })));

test.each(MATRIX)('the same results in $zone with keys that are $kind', async ({ zone, kind }) => {
  const env = { TZ: zone, LC_ALL: zone === 'UTC' ? 'C' : 'tr_TR.UTF-8' };
  const stack = await Stack.start({ warehouse: join(folder, kind), trainers: 1, env });
  try {
    const period = { from: '2024-01-03T03:30', to: '' };
    const runId = await startRun(stack, quickSpec({ pairs: ['eurusd'], horizons: [15, 60], period }));
    await followRun(stack, runId, () => undefined);
    const run = await readRun(stack, runId);
    expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
    const found = await fingerprint(stack, runId);
    if (!expected.has(kind)) expected.set(kind, found);
    expect(found).toEqual(expected.get(kind));
    expect(found.ledger).toBe(expected.get(KINDS[0]!)?.ledger);
  } finally {
    await stack.stop();
  }
});
