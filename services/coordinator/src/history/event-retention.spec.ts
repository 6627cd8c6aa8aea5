import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;
afterEach(() => stack.close());

const numbers = (events: { sequence: bigint }[]): number[] => events.map(({ sequence }) => Number(sequence));

test('of a run the newest events are kept; who asks for older ones is told, and numbers go on without a gap', async () => {
  stack = await TestStack.start({}, { keepEvents: 5 });
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  const all = numbers(await stack.watch(runId));
  const last = all.at(-1)!;
  expect(all).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  await stack.stopCoordinator();
  await stack.startCoordinator();
  await expect(stack.watch(runId)).rejects.toMatchObject({
    code: 'OUT_OF_RANGE',
    message: `the events of run ${runId} after 0 and before ${last - 4} have been removed`,
    remedy: expect.stringContaining(`watch it after ${last - 5}`),
  });
  const kept = await stack.watch(runId, () => false, BigInt(last - 5));
  expect(numbers(kept)).toEqual([last - 4, last - 3, last - 2, last - 1, last]);
});

test('of a run that ended long ago the last event is kept; resumed, its numbers go on after it', async () => {
  let wall = 1_800_000_000_000;
  stack = await TestStack.start();
  await stack.stopCoordinator();
  stack.clocks = { wall: () => wall, monotonic: () => performance.now() };
  await stack.startCoordinator();
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  const { client } = stack;
  await stack.reach(runId, 'RUN_STATE_RUNNING');
  await callUnary(client, client.cancelRun, { runId, pair: '', reason: '' });
  const last = numbers(await stack.watch(runId)).at(-1)!;
  await stack.stopCoordinator();
  wall += 91 * 86_400_000;
  await stack.startCoordinator();
  expect(numbers(await stack.watch(runId, () => false, BigInt(last - 1)))).toEqual([last]);
  stack.addTrainers(1);
  await callUnary(stack.client, stack.client.resumeRun, { runId });
  const after = numbers(await stack.watch(runId, () => false, BigInt(last)));
  expect(after).toEqual(after.map((_, i) => last + 1 + i));
});
