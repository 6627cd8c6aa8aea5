import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { TestStack } from './testing/test-stack.js';

let stack: TestStack;
afterEach(() => stack.close());

test('a run takes all its tests together, and pays for scorings of the same rows before it, even of runs that were removed', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const spec = { pairs: ['eurusd', 'gbpusd'], horizons: [15, 45, 60] };
  const first = await stack.complete(spec);
  const { evidence } = first;
  expect(evidence).toMatchObject({ tests: 6, results: 6, tested: 6, skill: 4, calendarBlocks: 30 });
  expect(evidence!.verdict).toMatch(/SKILL/);
  expect(evidence!.verdictReason?.code).toMatch(/^run_/);
  expect(evidence!.adjusted.map(({ pair, horizon }) => `${pair}/${horizon}`)).toEqual(
    spec.pairs.flatMap((pair) => spec.horizons.map((horizon) => `${pair}/${horizon}`)),
  );
  expect(evidence!.adjusted.map(({ scoring }) => scoring)).toEqual(Array(6).fill(1));

  // The same settings see nothing new; others do.
  const same = await stack.complete(spec);
  expect(same.evidence).toEqual(evidence);
  const other = await stack.complete({ ...spec, seed: 9n });
  expect(other.evidence!.adjusted.map(({ scoring }) => scoring)).toEqual(Array(6).fill(2));
  await callUnary(stack.client, stack.client.deleteRun, { runId: other.runId });
  const third = await stack.complete({ ...spec, seed: 10n });
  expect(third.evidence!.adjusted.map(({ scoring }) => scoring)).toEqual(Array(6).fill(3));
  expect(third.evidence!.adjusted[0]!.charge).toBeCloseTo(9 * evidence!.adjusted[0]!.charge, 12);
});

test('locked rows can be asked for once: other settings are refused, the same ones score them again', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const overrides = { 'protocol.lockedShare': '0.2' };
  const spec = { pairs: ['eurusd'], horizons: [15, 45] };
  await stack.complete({ ...spec, overrides });
  const locked = { ...overrides, 'protocol.score': 'locked' };
  const once = await stack.complete({ ...spec, horizons: [15], overrides: locked });
  expect(once.evidence!.adjusted.map(({ scoring }) => scoring)).toEqual([1]);
  const again = await stack.complete({ ...spec, overrides: locked });
  expect(again.state).toBe(RunState.RUN_STATE_COMPLETED);
  const other = await stack.complete({ ...spec, seed: 9n, overrides: locked });
  expect(other.state).toBe(RunState.RUN_STATE_FAILED);
  expect(other.problems.join()).toMatch(/locked rows of this dataset were scored before/);
});

test('evidence is there again after a restart', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const { runId, evidence } = await stack.complete({ pairs: ['eurusd'], horizons: [15, 45] });
  await stack.stopCoordinator();
  await stack.startCoordinator();
  expect((await stack.getRun(runId)).evidence).toEqual(evidence);
});
