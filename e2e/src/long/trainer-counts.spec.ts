import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterAll, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { fingerprint, type RunFingerprint } from '../faults/run-fingerprint.js';
import { whenWorking } from '../faults/when-working.js';
import { quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

let stack: Stack | undefined;
let expected: RunFingerprint | undefined;
afterAll(() => stack?.stop());

test.each([1, 2, 4])('%i trainers, one killed midway: the same bytes', async (trainers) => {
  await stack?.stop();
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers });
  const running = stack;
  const runId = await startRun(stack, quickSpec({ horizons: [15, 30, 45, 60] }));
  let killed = '';
  await followRun(
    stack,
    runId,
    whenWorking('', (trainerId) => {
      killed = trainerId;
      running.trainers[Number(trainerId.split('-')[1]) - 1]!.kill('SIGKILL');
      if (trainers === 1) running.addTrainer();
    }),
  );
  expect(killed).not.toBe('');
  const run = await readRun(stack, runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.filter((task) => task.attempt > 1)).toHaveLength(1);
  expected ??= await fingerprint(stack, runId);
  expect(await fingerprint(stack, runId)).toEqual(expected);
});
