import { type RunEvent, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { TrainerHubServiceClient } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { watchHealth } from '@onescan/process/testing/watch-health.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

/** The machine may be busy. */
const SOON = { timeout: 30_000 };
/** Until a run is planned and its statement under way. */
const PLANNED = { timeout: 240_000 };
const WHOLE_LIFE = ['SERVING', 'NOT_SERVING'];
/** Minutes of work for a trainer: whatever ends sooner was ended. */
const LONG = { preset: 'standard', sample: { rows: 15_000 }, universe: {}, horizons: [15] };

let stack: Stack;
let trainerHealth: string;
let longRun: string;

beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 0 });
  const trainer = stack.addTrainer({ flags: ['--health-listen', '127.0.0.1:0'] });
  trainerHealth = await trainer.address();
  await stack.untilConnected(1);
});
afterAll(() => stack.stop());

test('a fetcher that gets SIGTERM goes NOT_SERVING, lets the fetch end and publishes it', async () => {
  const health = watchHealth(stack.fetcherAddress);
  await expect.poll(() => health.seen, SOON).toEqual(['SERVING']);
  longRun = await startRun(stack, quickSpec({ ...LONG, pairs: ['eurusd', 'usdjpy'] }));
  const fetcher = stack.fetcherProcess;
  const isComputing = ({ event }: RunEvent): boolean => event?.$case === 'task' && event.value.stage !== '';
  const computing = followRun(stack, longRun, () => undefined, 0n, isComputing);
  await expect.poll(async () => (await stack.queryJobs()).length, PLANNED).toBeGreaterThan(0);
  fetcher.kill('SIGTERM');
  await expect.poll(() => health.seen, SOON).toEqual(WHOLE_LIFE);
  expect(await fetcher.exited).toBe('code 0');
  await stack.restartFetcher();
  await computing;
  health.close();
  const jobs = (await stack.queryJobs()).filter((job) => job.pair === 'eurusd');
  expect(jobs.map(({ state, error }) => [state, error])).toEqual([['done', '']]);
});

test('cancelling a pair ends its computation; the trainer goes on with the other pair', async () => {
  const { coordinator } = stack;
  const request = { runId: longRun, pair: 'eurusd', reason: 'enough of it' };
  const { run } = await callUnary(coordinator, coordinator.cancelRun, request);
  const state = (pair: string) => run!.tasks.find((task) => task.pair === pair)!.state;
  expect(state('eurusd')).toBe(TaskState.TASK_STATE_CANCELLED);
  await expect
    .poll(async () => (await stack.untilConnected(1)).trainers[0]!.workingOn, { timeout: 30_000 })
    .toBe('usdjpy h15');
});

test('a computing trainer goes NOT_SERVING at the first signal and ends at the second', async () => {
  const health = watchHealth(trainerHealth);
  await expect.poll(() => health.seen, SOON).toEqual(['SERVING']);
  const [trainer] = stack.trainers;
  trainer!.kill('SIGTERM');
  await expect.poll(() => health.seen, SOON).toEqual(WHOLE_LIFE);
  trainer!.kill('SIGTERM');
  // Within its grace of 25 s it would have gone on, and then have ended with code 0.
  expect(await trainer!.exited).toBe('code 130');
  health.close();
});

test('a pause for approval survives kill -9, and nothing is asked of the warehouse meanwhile', async () => {
  const { coordinator } = stack;
  await callUnary(coordinator, coordinator.cancelRun, { runId: longRun, pair: '', reason: 'over' });
  const before = (await stack.queryJobs()).length;
  const spec = quickSpec({ pairs: ['usdjpy'], approvalMode: 'manual', sample: { rows: 2000 } });
  const runId = await startRun(stack, spec);
  await followRun(stack, runId);
  await stack.restartCoordinator();
  expect((await readRun(stack, runId)).state).toBe(RunState.RUN_STATE_AWAITING_APPROVAL);
  expect(await stack.queryJobs()).toHaveLength(before);
});

test('a second signal ends a fetcher in the middle of its statement', async () => {
  const spec = quickSpec({ ...LONG, pairs: ['eurusd'], sample: { rows: 15_000, seed: 2 } });
  const runId = await startRun(stack, spec);
  const mine = async () => (await stack.queryJobs()).filter((job) => job.runId === runId);
  await expect.poll(mine, PLANNED).toHaveLength(1);
  const fetcher = stack.fetcherProcess;
  fetcher.kill('SIGTERM');
  await expect.poll(() => fetcher.log(), SOON).toContain('draining');
  fetcher.kill('SIGTERM');
  // Within its grace it would have let the fetch end, and then have ended with code 0.
  expect(await fetcher.exited).toBe('code 130');
  await stack.restartFetcher();
  const { coordinator } = stack;
  await callUnary(coordinator, coordinator.cancelRun, { runId, pair: '', reason: 'over' });
});

test('a coordinator goes NOT_SERVING first; a second signal ends it while somebody still holds a stream', async () => {
  const health = watchHealth(stack.coordinatorAddress);
  const client = createClient(TrainerHubServiceClient, stack.coordinatorAddress);
  const silent = client.connect();
  silent.on('error', () => undefined);
  await expect.poll(() => health.seen, SOON).toEqual(['SERVING']);
  const first = stack.coordinatorProcess;
  first.kill('SIGTERM');
  await expect.poll(() => health.seen, SOON).toEqual(WHOLE_LIFE);
  first.kill('SIGTERM');
  expect(await first.exited).toBe('code 130');
  health.close();
  client.close();
});
