import { callUnary } from '@onescan/shared/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;
afterEach(() => stack.close());

test('the list of runs leaves out the columns that plans exclude, a run by itself has them', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  await stack.watch(runId);
  const { runs } = await callUnary(stack.client, stack.client.listRuns, {});
  const [listed] = runs;
  expect(listed).toMatchObject({ runId, plan: { pairs: [{ pair: 'eurusd', exclusions: [] }] } });
  const run = await stack.getRun(runId);
  const [pair] = run.plan!.pairs;
  expect(pair!.exclusions).not.toEqual([]);
  expect({ ...pair, exclusions: [] }).toEqual(listed!.plan!.pairs[0]);
});
