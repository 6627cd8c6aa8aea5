import { join } from 'node:path';
import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import {
  type Assign,
  type ConnectRequest,
  type ConnectResponse,
  FailureKind,
  type Register,
  TrainerHubServiceClient,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { kernelVersion } from '@onescan/learn/kernels/load-kernel.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { PRODUCT_VERSION } from '@onescan/process/product-version.js';
import { afterEach, describe, expect, test } from 'vitest';
import { renderReport } from '../report/render-report.js';
import { ScriptedTrainer } from '../testing/scripted-trainer.js';
import { TestStack } from '../testing/test-stack.js';

const TWO_TASKS = { pairs: ['eurusd'], horizons: [15, 30] };
/** A trainer that keeps what it is given. */
const keep = (): void => undefined;

let stack: TestStack;
afterEach(() => stack.close());

/** Two trainers that hold a task each: what the victim was given, and the liar. */
async function victimAndLiar(): Promise<{
  runId: string;
  given: Assign;
  victim: ScriptedTrainer;
  liar: ScriptedTrainer;
}> {
  stack = await TestStack.start();
  const [victim] = stack.addTrainers(1, keep);
  const runId = await stack.startRun(TWO_TASKS);
  await expect.poll(() => victim!.assigned.length).toBe(1);
  const [liar] = stack.addTrainers(1, keep);
  await expect.poll(() => liar!.assigned.length).toBe(1);
  return { runId, given: victim!.assigned[0]!, victim: victim!, liar: liar! };
}

async function taskOf(runId: string, { task }: Assign) {
  return (await stack.getRun(runId)).tasks.find(({ horizon }) => horizon === task!.horizon)!;
}

describe('what a trainer says of an attempt that another one was given', () => {
  test.each([
    ['a result', (given: Assign, liar: ScriptedTrainer) => liar.succeed(given)],
    [
      'a failure',
      (given: Assign, liar: ScriptedTrainer) => liar.fail(given, FailureKind.FAILURE_KIND_BAD_DATA),
    ],
  ])('%s is refused, and the one who has it goes on', async (_, lie) => {
    const { runId, given, victim, liar } = await victimAndLiar();
    lie(given, liar);
    await expect.poll(() => liar.acks.length).toBe(1);
    expect(liar.acks[0]).toMatchObject({
      accepted: false,
      reason: expect.stringMatching(/was not given to trainer/),
    });
    expect(await taskOf(runId, given)).toMatchObject({
      state: TaskState.TASK_STATE_LEASED,
      trainerId: victim.id,
      attempt: 1,
    });
    victim.succeed(given);
    await expect.poll(async () => (await taskOf(runId, given)).state).toBe(TaskState.TASK_STATE_DONE);
    // Nor is it told that it was stored.
    lie(given, liar);
    await expect.poll(() => liar.acks.length).toBe(2);
    expect((await taskOf(runId, given)).trainerId).toBe(victim.id);
  });

  test('progress and heartbeats do not keep its lease alive, nor change what is shown', async () => {
    const { runId, given, victim, liar } = await victimAndLiar();
    victim.fallSilent();
    const { task } = given;
    const lies = setInterval(() => {
      liar.send({ $case: 'progress', value: { task, stage: 'explain', fraction: 0.99 } });
      liar.send({ $case: 'heartbeat', value: { ...BEAT, workingOn: [task!] } });
    }, 50);
    await expect.poll(async () => (await taskOf(runId, given)).attempt, { timeout: 5_000 }).toBe(2);
    clearInterval(lies);
    expect((await taskOf(runId, given)).fraction).not.toBe(0.99);
  });

  test('SHAP values are taken with the token of the lease only', async () => {
    const { given, liar, victim } = await victimAndLiar();
    const content = Buffer.from('PAR1 forged');
    const guess = { ...given, leaseToken: 'ab'.repeat(32) };
    await expect(liar.handOver(guess, content)).rejects.toThrow('was not given to whoever sends this');
    await expect(liar.handOver({ ...given, leaseToken: '' }, content)).rejects.toThrow('was not given');
    await victim.handOver(given, content);
  });
});

const BEAT = {
  rssBytes: 1n,
  peakRssBytes: 1n,
  memoryLimitBytes: 1n,
  heldDatasetId: '',
  workingOn: [],
  memoryLevel: 'ok',
};

/** Sends a first message, then others, and tells how the stream ended. */
async function endOf(register: Partial<Register>, ...more: ConnectRequest['message'][]): Promise<string> {
  const client = createClient(TrainerHubServiceClient, stack.address);
  const stream = client.connect();
  const ended = new Promise<string>((done) => {
    stream.on('status', (status) => done(`${status.code} ${status.details}`));
    stream.on('error', () => undefined);
    stream.on('data', (_: ConnectResponse) => undefined);
  });
  const own = { version: PRODUCT_VERSION, kernelVersion: kernelVersion() };
  const value = {
    trainerId: 't',
    host: 'h',
    processId: 1,
    memoryLimitBytes: 1n,
    heldDatasetIds: [],
    instanceId: 'i',
    holding: [],
    ...own,
    ...register,
  };
  stream.write({ message: { $case: 'register', value } });
  for (const message of more) stream.write({ message });
  if (more.length === 0) setTimeout(() => stream.end(), 200);
  return ended.finally(() => client.close());
}

const TASK = { runId: 'r', pair: 'eurusd', horizon: 15, attempt: 1 };

test('registrations and messages out of bounds end the stream before anything is done with them', async () => {
  stack = await TestStack.start();
  expect(await endOf({})).toBe('0 OK');
  expect(await endOf({ trainerId: '' })).toMatch(/^3 trainer_id/);
  expect(await endOf({ trainerId: 'x'.repeat(129) })).toMatch(/^3 trainer_id/);
  expect(await endOf({ trainerId: 'a\u001b[31m' })).toMatch(/^3 trainer_id/);
  expect(await endOf({ instanceId: 'x'.repeat(1 << 20) })).toMatch(/^3 instance_id/);
  expect(await endOf({ host: 'x'.repeat(1 << 20) })).toMatch(/^3 host/);
  expect(await endOf({ holding: Array(65).fill(TASK) })).toMatch(/^3 holding/);
  expect(await endOf({ heldDatasetIds: ['x'.repeat(129)] })).toMatch(/^3 held_dataset_ids/);
  expect(
    await endOf({}, { $case: 'heartbeat', value: { ...BEAT, workingOn: Array(10_000).fill(TASK) } }),
  ).toMatch(/^3 working_on/);
  expect(
    await endOf({}, { $case: 'progress', value: { task: TASK, stage: 'load', fraction: Number.NaN } }),
  ).toMatch(/^3 progress/);
  expect(
    await endOf({}, { $case: 'failure', value: { task: undefined, kind: 3, message: '', traceparent: '' } }),
  ).toMatch(/^3 failure.task/);
  expect((await callUnary(stack.client, stack.client.listTrainers, {})).trainers).toEqual([]);
});

test('a trainer of another version, or with other kernels, is refused with both versions named', async () => {
  stack = await TestStack.start();
  expect(await endOf({ version: '9.9.9' })).toMatch(new RegExp(`^9 .*"9.9.9".*version ${PRODUCT_VERSION}`));
  expect(await endOf({ kernelVersion: '1-0000' })).toMatch(/^9 .*kernels "1-0000".*kernels 1-[0-9a-f]{16}/);
});

test('resume learns again what was stored and cannot be read any more, and writes the report', async () => {
  stack = await TestStack.start({}, {}, { renderReport });
  stack.addTrainers(1);
  const { runId } = await stack.complete(TWO_TASKS);
  await stack.stopCoordinator();
  const instance = await openDuckDb(join(stack.stateDir, 'coordinator.duckdb'));
  const connection = await instance.connect();
  await connection.run(`UPDATE results SET document = '{"formatVersion":2}'::BLOB WHERE horizon = 30`);
  await connection.run("UPDATE runs SET state = 'PARTIAL', report_path = ''");
  connection.closeSync();
  instance.closeSync();
  await stack.startCoordinator();
  const trainer = new ScriptedTrainer(stack.address, { id: 'after' });
  stack.trainers.push(trainer);
  await callUnary(stack.client, stack.client.resumeRun, { runId });
  await expect.poll(async () => (await stack.getRun(runId)).state).toBe(RunState.RUN_STATE_COMPLETED);
  const run = await stack.getRun(runId);
  expect(run.problems).toEqual([]);
  expect(run.reportPath).not.toBe('');
  expect(trainer.assigned.map(({ task }) => [task!.horizon, task!.attempt])).toEqual([[30, 2]]);
  expect(HorizonSummary.toJSON(run.tasks[1]!.summary!)).toMatchObject({ verdictText: 'scripted' });
}, 20_000);
