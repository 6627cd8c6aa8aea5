import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { type Run, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test, vi } from 'vitest';
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

test("locked rows that a run is about to score are no other run's: of two at a time one gets them", async () => {
  stack = await TestStack.start();
  const [trainer] = stack.addTrainers(1, () => undefined);
  const overrides = { 'protocol.lockedShare': '0.2', 'protocol.score': 'locked' };
  const spec = { pairs: ['eurusd'], horizons: [45], overrides };
  const runs = await Promise.all([stack.startRun(spec), stack.startRun({ ...spec, seed: 9n })]);
  await vi.waitFor(() => expect(trainer!.assigned).toHaveLength(1), { timeout: 20_000 });
  const claimed = trainer!.assigned[0]!.task!.runId;
  const refused = runs.find((runId) => runId !== claimed)!;
  await stack.watch(refused);
  const { state, problems } = await stack.getRun(refused);
  expect(state).toBe(RunState.RUN_STATE_FAILED);
  expect(problems.join()).toMatch(/locked rows of this dataset .* are being scored/);
  await trainer!.succeed(trainer!.assigned[0]!);
  await stack.watch(claimed);
  expect((await stack.getRun(claimed)).state).toBe(RunState.RUN_STATE_COMPLETED);
});

test('another sample of the same prices and time is charged for, one of other prices is not', async () => {
  let content = 'a';
  let warehouseName = 'bigquery:mine';
  stack = await TestStack.start({
    lies: {
      estimate: (answer) => ({ ...answer, warehouseName }),
      dataset: (ref) => ({ ...ref, contentSha256: sha256Hex(content) }),
    },
  });
  stack.addTrainers(1);
  const spec = { pairs: ['eurusd'], horizons: [45] };
  const placeOf = ({ evidence }: Run) => evidence!.adjusted.map(({ scoring }) => scoring);
  expect(placeOf(await stack.complete(spec))).toEqual([1]);
  content = 'b';
  expect(placeOf(await stack.complete(spec))).toEqual([2]);
  content = 'c';
  warehouseName = 'bigquery:other';
  expect(placeOf(await stack.complete(spec))).toEqual([1]);
});

test('p-values of a run that goes on are charged as they are when it has ended', async () => {
  stack = await TestStack.start();
  const [trainer] = stack.addTrainers(1, (assign, { assigned }) =>
    assigned.length === 1 ? trainer!.succeed(assign) : undefined,
  );
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [45, 60] });
  await vi.waitFor(() => expect(trainer!.assigned).toHaveLength(2), { timeout: 20_000 });
  const [meanwhile] = (await stack.getRun(runId)).evidence!.adjusted;
  await trainer!.succeed(trainer!.assigned[1]!);
  await stack.watch(runId);
  const [ended] = (await stack.getRun(runId)).evidence!.adjusted;
  expect(meanwhile).toMatchObject({ scoring: 1, charge: ended!.charge, holm: ended!.holm });
});

test('charges of a run that goes on are there again after a restart', async () => {
  stack = await TestStack.start();
  const [trainer] = stack.addTrainers(1, (assign, { assigned }) =>
    assigned.length === 1 ? trainer!.succeed(assign) : undefined,
  );
  const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [45, 60] });
  await vi.waitFor(() => expect(trainer!.assigned).toHaveLength(2), { timeout: 20_000 });
  const { evidence } = await stack.getRun(runId);
  expect(evidence!.adjusted).toMatchObject([{ scoring: 1 }]);
  await stack.stopCoordinator();
  await stack.startCoordinator();
  expect((await stack.getRun(runId)).evidence).toEqual(evidence);
});

test('evidence is there again after a restart', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const { runId, evidence } = await stack.complete({ pairs: ['eurusd'], horizons: [15, 45] });
  await stack.stopCoordinator();
  await stack.startCoordinator();
  expect((await stack.getRun(runId)).evidence).toEqual(evidence);
});
