import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, runResults, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 2 });
});
afterAll(() => stack.stop());

/** Follows a run until its first task is done. */
async function untilFirstTaskDone(runId: string): Promise<void> {
  const { coordinator } = stack;
  for await (const { event } of callServerStream(coordinator, coordinator.watchRun, {
    runId,
    afterSequence: 0n,
  })) {
    if (event?.event?.$case === 'task' && event.event.value.state === TaskState.TASK_STATE_DONE) return;
  }
}

test('after kill -9 of the coordinator the run goes on: nothing fetched again, the same results', async () => {
  const spec = quickSpec({ horizons: [15, 30, 45] });
  const runId = await startRun(stack, spec);
  await untilFirstTaskDone(runId);
  await stack.restartCoordinator();
  const run = await finishRun(stack, runId);
  expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(await stack.queryJobs()).toHaveLength(2);
  expect(await runResults(stack, runId)).toHaveLength(6);

  const again = await finishRun(stack, await startRun(stack, undefined, runId));
  expect(again.state, again.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(again.resultsSha256).toBe(run.resultsSha256);
  expect(await stack.queryJobs()).toHaveLength(2);
});
