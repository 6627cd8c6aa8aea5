import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { fingerprint, type RunFingerprint } from '../faults/run-fingerprint.js';
import { TcpProxy } from '../faults/tcp-proxy.js';
import { whenWorking } from '../faults/when-working.js';
import { quickSpec, startRun } from '../runs.js';
import type { ServiceProcess } from '../service-process.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

/** One stack for the file; a lease of 4 s instead of 10 s, so that losses are noticed soon. */
let stack: Stack;
let firstRun: string;
let undisturbed: RunFingerprint;
const HORIZONS = [15, 45];
const LEASE = ['--lease-ms', '4000', '--heartbeat-ms', '400'];

beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, coordinatorFlags: LEASE });
});
afterAll(() => stack.stop());

async function expectUndisturbed(runId: string): Promise<void> {
  const run = await readRun(stack, runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(await fingerprint(stack, runId)).toEqual(undisturbed);
}

test('kill -9 of the coordinator while it fetches: the statement is not run again', async () => {
  firstRun = await startRun(
    stack,
    quickSpec({ pairs: ['eurusd'], horizons: HORIZONS, sample: { rows: 2000 } }),
  );
  let killed: Promise<void> | undefined;
  const { streams } = await followRun(stack, firstRun, ({ event }) => {
    if (event?.$case === 'pair' && event.value.dataset === undefined) killed ??= stack.restartCoordinator();
  });
  await killed;
  expect(streams).toBeGreaterThan(1);
  const run = await readRun(stack, firstRun);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect((await stack.queryJobs()).map((job) => job.state)).toEqual(['done']);
  undisturbed = await fingerprint(stack, firstRun);
});

test('kill -9 of the coordinator while a trainer computes: the attempt goes on and its result counts', async () => {
  const runId = await startRun(stack, undefined, firstRun);
  let killed: Promise<void> | undefined;
  const { events } = await followRun(
    stack,
    runId,
    whenWorking('', () => {
      killed = stack.restartCoordinator();
    }),
  );
  await killed;
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, i) => i + 1));
  expect((await readRun(stack, runId)).tasks.map((task) => task.attempt)).toEqual([1, 1]);
  await expectUndisturbed(runId);
});

test('a frozen trainer loses its task to another; what it sends when it thaws is refused', async () => {
  const frozen = stack.trainers[0]!;
  const runId = await startRun(stack, undefined, firstRun);
  let second: ServiceProcess | undefined;
  await followRun(
    stack,
    runId,
    whenWorking('trainer-1', () => {
      frozen.kill('SIGSTOP');
      second = stack.addTrainer();
    }),
  );
  frozen.kill('SIGCONT');
  expect((await readRun(stack, runId)).tasks.some((task) => task.attempt === 2)).toBe(true);
  await expectUndisturbed(runId);
  await expect
    .poll(() => stack.logs(), { timeout: 20_000 })
    .toMatch(/no longer holds the lease|late attempt: the task is no longer leased/);
  await stack.untilConnected(2);
  await second!.stop();
  await stack.untilConnected(1);
});

test.each([
  ['everything', 'all'],
  ['what it says, so that it is connected and silent,', 'from-near'],
] as const)('a trainer behind a network that drops %s loses its task and comes back', async (_, what) => {
  const proxy = await TcpProxy.start(stack.coordinatorAddress);
  try {
    for (const trainer of stack.trainers) await trainer.stop();
    const cutOff = stack.addTrainer({ id: 'cut-off', through: proxy.address });
    await stack.untilConnected(1);
    const runId = await startRun(stack, undefined, firstRun);
    await followRun(
      stack,
      runId,
      whenWorking('cut-off', () => {
        proxy.cut(what);
        stack.addTrainer();
      }),
    );
    expect((await readRun(stack, runId)).tasks.some((task) => task.attempt === 2)).toBe(true);
    await expectUndisturbed(runId);
    proxy.heal();
    await stack.untilConnected(2);
    expect(await cutOff.stop(), cutOff.log()).toBe('code 0');
  } finally {
    proxy.close();
  }
});
