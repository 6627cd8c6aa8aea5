import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

const WORKERS = 8;
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: WORKERS });
});
afterAll(() => stack.stop());

test('eight trainers are connected, each with its memory and limit in view', async () => {
  const { trainers, maxWorkers } = await stack.untilConnected(WORKERS);
  expect(maxWorkers).toBe(WORKERS);
  expect(trainers.map((trainer) => trainer.trainerId).sort()).toEqual(
    Array.from({ length: WORKERS }, (_, i) => `trainer-${i + 1}`),
  );
  for (const trainer of trainers) {
    expect(trainer.rssBytes).toBeGreaterThan(0n);
    expect(trainer.memoryLimitBytes).toBe(2n * 1024n ** 3n);
  }
});

test('a run tells how many workers were connected and used', async () => {
  const spec = quickSpec({ pairs: ['usdjpy'], horizons: [15], sample: { rows: 2000 } });
  const run = await finishRun(stack, await startRun(stack, spec));
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.workersConnected).toBe(WORKERS);
  expect(run.workersUsed).toBe(1);
  expect(stack.logs()).toMatch(/workers: 8 connected, 8 allowed/);
});

test.each([
  [{ pairs: ['eurxyz'] }, /eurxyz/],
  [{ horizons: [0] }, /horizon/],
  [{ pairs: ['gbpusd'] }, /gbpusd/],
  [{ preset: 'fast' }, /preset/],
])('a spec that cannot run is refused or fails naming what is wrong: %j', async (wrong, message) => {
  await expect(outcome(wrong)).resolves.toMatch(message);
});

/** The error of StartRun, or the problems of a run that did not complete. */
async function outcome(wrong: Record<string, unknown>): Promise<string> {
  try {
    const run = await finishRun(stack, await startRun(stack, quickSpec(wrong)));
    expect(run.state).not.toBe(RunState.RUN_STATE_COMPLETED);
    return run.problems.join('\n');
  } catch (thrown) {
    return String(thrown);
  }
}
