import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 4 });
});
afterAll(() => stack.stop());

test('one pair at a time: all trainers on a pair, results as with a pair a trainer', async () => {
  const spec = { horizons: [15, 30, 45, 60] };
  const pairs = await finishRun(stack, await startRun(stack, quickSpec(spec)));
  const order: string[] = [];
  const policy = quickSpec({ ...spec, schedulingPolicy: 'one-pair-at-a-time' });
  const one = await finishRun(stack, await startRun(stack, policy), (event) => {
    if (event.event?.$case === 'task' && event.event.value.summary) order.push(event.event.value.pair);
  });
  expect(pairs.state, pairs.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(one.state, one.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(one.resultsSha256).toBe(pairs.resultsSha256);
  expect(order).toEqual([...order].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
  expect(one.workersUsed).toBeGreaterThan(1);
});
