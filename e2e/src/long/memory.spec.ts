import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterEach, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

let stack: Stack;
afterEach(() => stack.stop());

const MIB = 1024n ** 2n;

test('what no trainer has the memory for is refused before anything is fetched, with the arithmetic', async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, trainerMemory: '256MiB' });
  const sample = { rows: 15_000 };
  const more = { pairs: ['eurusd'], horizons: [15], preset: 'mandated', sample, universe: {} };
  const runId = await startRun(stack, quickSpec(more));
  await followRun(stack, runId);
  const run = await readRun(stack, runId);
  expect(run.state).toBe(RunState.RUN_STATE_FAILED);
  const arithmetic =
    /15000 rows x \d+ columns of eurusd need \d+ MiB of memory to learn, no connected trainer has more than 256 MiB/;
  expect(run.problems.join('\n')).toMatch(arithmetic);
  expect(await stack.queryJobs()).toEqual([]);
  const [trainer] = (await stack.untilConnected(1)).trainers;
  expect(trainer!.peakRssBytes).toBeLessThan(256n * MIB);
});

test('what fits is computed within the limit, and the peak is part of the result', async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, trainerMemory: '1GiB' });
  const runId = await startRun(stack, quickSpec({ pairs: ['eurusd'], horizons: [15] }));
  await followRun(stack, runId);
  const run = await readRun(stack, runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  const { peakRssBytes, memoryLimitBytes } = run.tasks[0]!.stats!;
  expect(memoryLimitBytes).toBe(1024n * MIB);
  expect(peakRssBytes).toBeGreaterThan(50n * MIB);
  expect(peakRssBytes).toBeLessThanOrEqual(memoryLimitBytes);
});

test('a fetcher beyond its memory gives the fetch up, with the figures', async () => {
  stack = await Stack.start({
    warehouse: WAREHOUSE,
    trainers: 1,
    fetcherFlags: ['--process-memory', '128MiB'],
  });
  const spec = quickSpec({ pairs: ['eurusd'], horizons: [15], sample: { rows: 15_000 }, universe: {} });
  const runId = await startRun(stack, spec);
  await followRun(stack, runId);
  const run = await readRun(stack, runId);
  expect(run.state).toBe(RunState.RUN_STATE_FAILED);
  expect(run.problems.join('\n')).toMatch(/no dataset: the fetcher takes \d+ MiB, its limit is 128 MiB/);
});
