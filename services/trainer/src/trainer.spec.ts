import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { createLog } from '@onescan/process/log.js';
import type { ProcessMemory } from '@onescan/process/process-memory.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CompleteAssign, MOST_HELD } from './tasks/task-messages.js';
import { ScriptedHub } from './testing/scripted-hub.js';
import { testAssignment } from './testing/test-assignment.js';
import { Trainer } from './trainer.js';

/** Worker threads run compiled code only. */
const program = new URL('../dist/testing/scripted-worker.js', import.meta.url);
const GIB = 1024 ** 3;

let hub: ScriptedHub;
let trainer: Trainer;
let running: Promise<void>;

beforeEach(async () => {
  expect(existsSync(program), 'build the trainer first').toBe(true);
  hub = await ScriptedHub.start();
});

afterEach(async () => {
  trainer.drain('end of test', 0);
  await running.catch(() => undefined);
  await hub.stop();
});

function start(
  options: { memoryLimitBytes?: number; exitWhenIdleMs?: number; readMemory?: () => ProcessMemory } = {},
): void {
  const { readMemory, memoryLimitBytes = 8 * GIB, ...more } = options;
  const log = createLog('trainer-test');
  log.level = 'silent';
  trainer = new Trainer(
    { coordinator: hub.address, id: 't1', memoryLimitBytes, graceMs: 5000, threads: 2, ...more },
    { log, program, ...(readMemory ? { readMemory } : {}) },
  );
  running = trainer.run();
  running.catch(() => undefined);
}

function assignment(preset: string, horizon = 15, more: Partial<CompleteAssign> = {}) {
  const task = { runId: 'r1', pair: 'eurusd', horizon, attempt: 1 };
  return { $case: 'assign', value: testAssignment({ preset, task, ...more }) } as const;
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test('registers, beats, works, tells progress, answers with the result', async () => {
  start();
  const register = await hub.next('register');
  expect(register).toMatchObject({
    trainerId: 't1',
    processId: process.pid,
    memoryLimitBytes: BigInt(8 * GIB),
  });
  await hub.until(() => hub.of('heartbeat').length >= 3);
  expect(hub.of('heartbeat')[0]).toMatchObject({ memoryLevel: 'ok', workingOn: [] });
  hub.send(assignment('done'));
  const result = await hub.next('result');
  expect(result).toMatchObject({ specHash: 's1', task: { horizon: 15, attempt: 1 } });
  expect(text(result.result?.document)).toBe('eurusd 15');
  expect(result.stats).toMatchObject({ trainerId: 't1', memoryLimitBytes: BigInt(8 * GIB) });
  expect(result.stats!.peakRssBytes).toBeGreaterThan(0n);
  expect(await hub.next('progress')).toMatchObject({ stage: 'select', fraction: 0.5 });
  await hub.next('heartbeat', (beat) => beat.heldDatasetId === 'd1' && beat.workingOn.length === 0);
  expect(trainer.state).toBe('IDLE');
});

test('beats while the thread computes', async () => {
  start();
  await hub.next('register');
  hub.send(assignment('deaf'));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 1);
  const before = hub.of('heartbeat').length;
  await hub.until(() => hub.of('heartbeat').length >= before + 5);
  expect(trainer.state).toBe('WORKING');
});

test.each(['crash', 'exit'])(
  'a thread that ends (%s) is a CRASH, and the next task has a new one',
  async (how) => {
    start();
    await hub.next('register');
    hub.send(assignment(how, 15));
    hub.send(assignment('done', 30));
    const failure = await hub.next('failure');
    expect(failure).toMatchObject({ kind: FailureKind.FAILURE_KIND_CRASH, task: { horizon: 15 } });
    expect(failure.message).toMatch(how === 'crash' ? /injected/ : /code 7/);
    expect((await hub.next('result')).task?.horizon).toBe(30);
  },
);

test('cancels the running task and a waiting one', async () => {
  start();
  await hub.next('register');
  const [first, second] = [assignment('stall', 15), assignment('done', 30)];
  hub.send(first);
  hub.send(second);
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 2);
  hub.send({ $case: 'cancel', value: { task: second.value.task, reason: 'not wanted' } });
  const waiting = await hub.next('failure', (failure) => failure.task?.horizon === 30);
  expect(waiting).toMatchObject({ kind: FailureKind.FAILURE_KIND_CANCELLED, message: 'not wanted' });
  hub.send({ $case: 'cancel', value: { task: first.value.task, reason: 'not wanted' } });
  const ran = await hub.next('failure', (failure) => failure.task?.horizon === 15);
  expect(ran.kind).toBe(FailureKind.FAILURE_KIND_CANCELLED);
  expect(hub.of('result')).toEqual([]);
});

test('an attempt sent twice is computed once; a newer attempt replaces an older', async () => {
  start();
  await hub.next('register');
  const old = assignment('stall', 15);
  hub.send(old);
  hub.send(old);
  const newer = { runId: 'r1', pair: 'eurusd', horizon: 15, attempt: 2 };
  hub.send(assignment('done', 15, { task: newer }));
  expect((await hub.next('result')).task).toEqual(newer);
  expect(hub.of('failure').map((failure) => failure.task?.attempt)).toEqual([1]);
});

test('takes no more assignments than a trainer may name, whatever a coordinator sends', async () => {
  start();
  await hub.next('register');
  for (let horizon = 1; horizon <= 200; horizon++) hub.send(assignment('deaf', horizon));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === MOST_HELD);
  // Ends that are never acknowledged are kept, and count.
  hub.acknowledge = false;
  const tasks = hub.of('heartbeat').at(-1)!.workingOn;
  for (const task of tasks.slice(1)) hub.send({ $case: 'cancel', value: { task, reason: 'not wanted' } });
  await hub.until(() => hub.of('failure').length === MOST_HELD - 1);
  for (let horizon = 301; horizon <= 500; horizon++) hub.send(assignment('deaf', horizon));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 1);
  const before = hub.of('heartbeat').length;
  await hub.until(() => hub.of('heartbeat').length >= before + 3);
  expect(hub.of('heartbeat').at(-1)!.workingOn).toHaveLength(1);
});

test('after a lost stream dials again and sends again what was not acknowledged', async () => {
  start();
  hub.acknowledge = false;
  await hub.next('register');
  hub.send(assignment('done', 15));
  await hub.next('result');
  hub.send(assignment('stall', 30));
  await hub.next('heartbeat', (beat) => beat.workingOn.some((task) => task.horizon === 30));
  hub.acknowledge = true;
  hub.cut();
  await hub.until(() => hub.of('register').length === 2 && hub.of('result').length === 2);
  const kinds = hub.received.map((message) => message.$case);
  expect(kinds.lastIndexOf('result')).toBeGreaterThan(kinds.lastIndexOf('register'));
  const [before, again] = hub.of('register');
  expect(again?.heldDatasetIds).toEqual(['d1']);
  expect([before, again].map((register) => register?.holding.map((task) => task.horizon))).toEqual([
    [],
    [30, 15],
  ]);
  expect(again?.instanceId).toBe(before?.instanceId);
  await hub.until(() =>
    hub
      .of('heartbeat')
      .at(-1)!
      .workingOn.some((task) => task.horizon === 30),
  );
  hub.cut();
  await hub.until(() => hub.of('register').length === 3);
  await hub.until(() => hub.received.at(-1)?.$case === 'heartbeat');
  expect(hub.of('result')).toHaveLength(2);
});

test('a task that ends while the registration is under way is told on the same stream', async () => {
  start();
  await hub.next('register');
  hub.send(assignment('slow', 15));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 1);
  hub.answerRegistrations = false;
  hub.cut();
  await hub.until(() => hub.of('register').length === 2);
  expect(hub.of('register')[1]?.holding).toHaveLength(1);
  expect((await hub.next('result')).task?.horizon).toBe(15);
  expect(hub.of('register')).toHaveLength(2);
});

test('finds a coordinator that starts later, on the same address', async () => {
  const { address } = hub;
  await hub.stop();
  start();
  await new Promise((resolve) => setTimeout(resolve, 350));
  expect(trainer.state).toBe('CONNECTING');
  hub = await ScriptedHub.start(address);
  await hub.next('register');
});

test('a refusal for good fails the trainer', async () => {
  hub.refuseWith = new OnescanError('PERMISSION_DENIED', 'not you');
  start();
  await expect(running).rejects.toThrow('not you');
  expect(trainer.state).toBe('FAILED');
  expect(hub.connections).toBe(1);
});

test('drains: finishes what runs, hands back what waits, takes nothing new, ends', async () => {
  start();
  await hub.next('register');
  hub.send(assignment('slow', 15));
  hub.send(assignment('done', 30));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 2);
  hub.send({ $case: 'drain', value: { graceMs: 20_000 } });
  hub.send(assignment('done', 45));
  await running;
  expect(trainer.state).toBe('STOPPED');
  expect(hub.of('result').map((result) => result.task?.horizon)).toEqual([15]);
  const back = hub.of('failure');
  expect(back.map((failure) => failure.task?.horizon)).toEqual([30, 45]);
  expect(back.every((failure) => failure.kind === FailureKind.FAILURE_KIND_HANDED_BACK)).toBe(true);
  expect(hub.received.map((message) => message.$case).at(-1)).toBe('leave');
});

test('drains: hands back what is not finished within the grace period', async () => {
  start();
  await hub.next('register');
  hub.send(assignment('deaf', 15));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 1);
  trainer.drain('SIGTERM', 50);
  await running;
  const [failure] = hub.of('failure');
  expect(failure).toMatchObject({ kind: FailureKind.FAILURE_KIND_HANDED_BACK });
  expect(failure?.message).toMatch(/not finished within 50 ms of draining: SIGTERM/);
});

test('above the limit the thread is terminated and the task reported with the figures', async () => {
  start({ memoryLimitBytes: process.memoryUsage.rss() + 400 * 1024 ** 2 });
  await hub.next('register');
  hub.send(assignment('hoard', 15));
  const failure = await hub.next('failure');
  expect(failure.kind).toBe(FailureKind.FAILURE_KIND_OUT_OF_MEMORY);
  expect(failure.message).toMatch(/memory limit was exceeded: .* of .* resident \(1\d\d %\)/);
});

test('takes no new task above 90 %, and says so', async () => {
  let rssBytes = Math.round(0.95 * GIB);
  start({ memoryLimitBytes: GIB, readMemory: () => ({ rssBytes }) });
  await hub.next('heartbeat', (beat) => beat.memoryLevel === 'pause');
  hub.send(assignment('done', 15));
  const failure = await hub.next('failure');
  expect(failure.kind).toBe(FailureKind.FAILURE_KIND_HANDED_BACK);
  expect(failure.message).toMatch(/no memory for a new task: 973 MiB of 1.00 GiB/);
  rssBytes = Math.round(0.1 * GIB);
  hub.send(assignment('done', 30));
  expect((await hub.next('result')).task?.horizon).toBe(30);
});

test('the same dataset keeps its thread, another gets another', async () => {
  start();
  await hub.next('register');
  const other = assignment('done', 45);
  other.value.dataset = { ...other.value.dataset, datasetId: 'd2' };
  for (const task of [assignment('done', 15), assignment('done', 30), other]) hub.send(task);
  await hub.next('result', (result) => result.task?.horizon === 45);
  const [first, second, third] = hub.of('result').map((result) => result.stats?.stageSeconds.thread);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  await hub.next('heartbeat', (beat) => beat.heldDatasetId === 'd2');
});

test('leaves by itself when it was idle for long enough, and not while it works or the coordinator is away', async () => {
  hub.answerRegistrations = false;
  start({ exitWhenIdleMs: 400 });
  await hub.next('register');
  await sleep(600);
  expect(trainer.state).toBe('CONNECTING');
  hub.answerRegistrations = true;
  hub.cut();
  await hub.until(() => hub.of('register').length === 2);
  hub.send(assignment('stall'));
  await hub.next('heartbeat', (beat) => beat.workingOn.length === 1);
  await sleep(600);
  expect(trainer.state).toBe('WORKING');
  hub.send({
    $case: 'cancel',
    value: { task: { runId: 'r1', pair: 'eurusd', horizon: 15, attempt: 1 }, reason: 'x' },
  });
  await running;
  expect(trainer.state).toBe('STOPPED');
});
