import { join } from 'node:path';
import { type Run, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeBigQuery, startFakeBigQuery } from '../fake-bigquery/start-fake-bigquery.js';
import { followRun, readRun } from '../faults/follow-run.js';
import { finishRun, quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

const PROJECT = 'bqx-ml';

let fake: FakeBigQuery;
let stack: Stack;
beforeEach(async () => {
  fake = await startFakeBigQuery({ databasePath: join(WAREHOUSE, 'warehouse.duckdb'), project: PROJECT });
  const env = { BIGQUERY_EMULATOR_HOST: fake.url, BIGQUERY_STORAGE_EMULATOR_HOST: fake.storageAddress };
  // One fetch at a time: what the first is billed is known before the second is asked for.
  const coordinatorFlags = ['--fetch-ahead', '1'];
  stack = await Stack.start({ warehouse: `bigquery:${PROJECT}`, trainers: 1, env, coordinatorFlags });
});
afterEach(async () => {
  await stack.stop();
  await fake.close();
});

/** Jobs that read data, with what they were billed. */
function billing(): bigint[] {
  const data = fake.jobs().filter((job) => job.configuration.labels?.purpose !== 'metadata');
  return data.map(({ bytesBilled }) => bytesBilled);
}

/** What the jobs with a run's label were billed, metadata queries included. */
function billedTo(runId: string): bigint {
  const ofRun = fake.jobs().filter((job) => job.configuration.labels?.run === runId);
  expect(ofRun.length).toBeGreaterThan(billing().length);
  return ofRun.reduce((sum, { bytesBilled }) => sum + bytesBilled, 0n);
}

function approve(run: Run) {
  const { coordinator } = stack;
  const approval = {
    runId: run.runId,
    planHash: run.plan!.planHash,
    approvedBy: 'the chief',
    automatic: false,
  };
  return callUnary(coordinator, coordinator.approveRun, approval);
}

/** Follows a run from where it was left to where it rests the next time. */
function restsOf(runId: string): () => Promise<Run> {
  let last = 0n;
  return async () => {
    const { events } = await followRun(stack, runId, () => undefined, last);
    last = events.at(-1)!.sequence;
    return readRun(stack, runId);
  };
}

test('a pilot on BigQuery says what the rest will cost and take, also after kill -9, and waits for approval', async () => {
  const runId = await startRun(stack, quickSpec({ horizons: [15], pilotPair: 'usdjpy' }));
  const paused = await followRun(stack, runId);
  await stack.restartCoordinator();
  const waiting = await readRun(stack, runId);
  expect(waiting.state).toBe(RunState.RUN_STATE_AWAITING_PILOT_APPROVAL);
  expect(billing()).toHaveLength(1);
  const { pilot, plan } = waiting;
  const [rest] = plan!.pairs.filter(({ pair }) => pair === 'eurusd');
  expect(pilot).toMatchObject({ pair: 'usdjpy', pairsLeft: 1, restEstimatedUsd: rest!.usd, workers: 1 });
  expect(pilot!.restExpectedUsd).toBeCloseTo((rest!.usd * pilot!.billedUsd) / pilot!.estimatedUsd, 12);
  expect(pilot!.restSeconds).toBe(Math.max(pilot!.restFetchSeconds, pilot!.restTrainSeconds));
  const notes = paused.events.flatMap(({ event }) => (event?.$case === 'note' ? [event.value] : []));
  expect(notes).toContainEqual(expect.stringContaining('The 1 pair left: estimated'));
  await approve(waiting);
  const run = await finishRun(stack, runId);
  expect(run.state, run.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.approvals.map(({ what }) => what)).toEqual(['plan', 'rest after the pilot']);
  const statements = run.pairs.flatMap(({ jobs }) => jobs).filter(({ purpose }) => purpose === 'fetch');
  expect(statements.map(({ bytesBilled }) => bytesBilled)).toEqual(billing().toReversed());
});

test('a run that is billed too much ends partial before it asks again; after a new approval it goes on', async () => {
  const runId = await startRun(stack, quickSpec({ horizons: [15], approvalMode: 'manual' }));
  const rest = restsOf(runId);
  const planned = await rest();
  // After the query that looks whether tables have changed.
  fake.inject({ on: 'insert', kind: 'overbilled', after: 1 });
  await approve(planned);
  const partial = await rest();
  expect(partial.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(partial.problems).toEqual([expect.stringContaining("the run's approval leaves")]);
  expect(billing()).toHaveLength(1);
  const { coordinator } = stack;
  await callUnary(coordinator, coordinator.resumeRun, { runId });
  const resumed = await rest();
  expect(resumed.state).toBe(RunState.RUN_STATE_AWAITING_APPROVAL);
  expect(resumed.plan!.alreadyBilledBytes).toBe(billing()[0]);
  expect(billing()).toHaveLength(1);
  await approve(resumed);
  const run = await rest();
  expect(run.state, run.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.bytesBilled).toBe(billedTo(runId));
  expect(billing()).toHaveLength(2);
});

test('tables that change between approval and fetch cost nothing; resume plans those pairs again and asks', async () => {
  const runId = await startRun(stack, quickSpec({ horizons: [15], approvalMode: 'manual' }));
  const rest = restsOf(runId);
  const planned = await rest();
  await fake.changeMetadata(
    `UPDATE "__tables__ bqx_ml_v3_features_v2" SET last_modified_time = last_modified_time + 1 WHERE table_id LIKE '%usdjpy%'`,
  );
  await approve(planned);
  const partial = await rest();
  expect(partial.state).toBe(RunState.RUN_STATE_PARTIAL);
  expect(partial.problems).toEqual([expect.stringMatching(/usdjpy.*the warehouse changed.*Resume the run/)]);
  expect(billing()).toHaveLength(1);
  const { coordinator } = stack;
  await callUnary(coordinator, coordinator.resumeRun, { runId });
  const waiting = await rest();
  expect(waiting.state).toBe(RunState.RUN_STATE_AWAITING_APPROVAL);
  expect(waiting.problemReasons).toEqual([{ code: 'warehouse_changed', facts: { pairs: ['usdjpy'] } }]);
  await approve(waiting);
  const run = await rest();
  expect(run.state, run.problems.join()).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.approvals).toHaveLength(2);
  expect(billing()).toHaveLength(2);
  expect(run.bytesBilled).toBe(billedTo(runId));
});
