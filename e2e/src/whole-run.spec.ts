import { truncateSync } from 'node:fs';
import { sha256Hex } from '@onescan/shared/canonical-json.js';
import { openDataset } from '@onescan/shared/dataset/open-dataset.js';
import { type Run, RunState, TaskState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, runLedger, runResults, startRun } from './runs.js';
import { Stack } from './stack.js';
import { WAREHOUSE } from './warehouse.js';

/** One stack and one fetch for the whole file: the tests build on each other, in order. */
let stack: Stack;
let first: Run;
const documents = new Map<string, Buffer>();
const HORIZONS = [15, 45];

beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 2 });
});
afterAll(() => stack.stop());

const problemsOf = (run: Run): string => run.problems.join('\n');

async function documentsOf(runId: string): Promise<Map<string, Buffer>> {
  const results = await runResults(stack, runId);
  for (const result of results) expect(sha256Hex(result.document)).toBe(result.documentSha256);
  return new Map(results.map((result) => [`${result.pair} ${result.horizon}`, result.document]));
}

function expectSameDocuments(other: Map<string, Buffer>): void {
  expect([...other.keys()].sort()).toEqual([...documents.keys()].sort());
  for (const [key, document] of documents) {
    // The parsed values first: their difference can be read.
    expect(JSON.parse(String(other.get(key))), key).toEqual(JSON.parse(String(document)));
    expect(other.get(key)!.equals(document), key).toBe(true);
  }
}

test('a run of two pairs ends COMPLETED with one statement a pair', async () => {
  const states: RunState[] = [];
  const sequences: bigint[] = [];
  const runId = await startRun(stack, quickSpec({ horizons: HORIZONS }));
  first = await finishRun(stack, runId, (event) => {
    sequences.push(event.sequence);
    if (event.event?.$case === 'runState') states.push(event.event.value.state);
  });
  expect(first.state, problemsOf(first)).toBe(RunState.RUN_STATE_COMPLETED);
  expect(states.at(-1)).toBe(RunState.RUN_STATE_COMPLETED);
  expect(sequences).toEqual(sequences.map((_, i) => BigInt(i + 1)));
  expect(first.tasks.map((task) => task.state)).toEqual(Array(4).fill(TaskState.TASK_STATE_DONE));
  expect(first.workersConnected).toBe(2);
  expect(first.statementsRun).toBe(2);
  const jobs = await stack.queryJobs();
  expect(jobs.map((job) => `${job.pair} ${job.state}`).sort()).toEqual(['eurusd done', 'usdjpy done']);
  for (const job of jobs) expect(job.targetColumns).toBeGreaterThanOrEqual(HORIZONS.length);
  for (const task of first.tasks) expect(task.stats?.peakRssBytes).toBeGreaterThan(0n);
});

test('the planted pair has skill, the random walk has none beyond overlap', async () => {
  for (const [key, document] of await documentsOf(first.runId)) documents.set(key, document);
  expect(documents.size).toBe(4);
  const verdicts = Object.fromEntries(
    first.tasks.map((task) => [`${task.pair} ${task.horizon}`, task.summary?.verdict]),
  );
  expect(verdicts['eurusd 45']).toBe('SKILL');
  expect(verdicts['usdjpy 15']).toBe('NO_SKILL_BEYOND_OVERLAP');
  expect(verdicts['usdjpy 45']).toMatch(/^(NO_SKILL_BEYOND_OVERLAP|INCONCLUSIVE)$/);
  const walk = first.tasks.find((task) => task.pair === 'usdjpy' && task.horizon === 15)!;
  expect(walk.summary?.bestBaselineAccuracy).toBeGreaterThan(0.7);
});

test('the ledger has one row for every feature, pair and horizon', async () => {
  const rows = await runLedger(stack, first.runId);
  expect(BigInt(rows.length)).toBe(first.ledgerRows);
  for (const { pair, columns } of first.plan!.pairs) {
    const ref = first.pairs.find((status) => status.pair === pair)!.dataset!;
    const dataset = await openDataset(ref.path, { expectedId: ref.datasetId });
    const universe = dataset.columns.map((column) => column.featureId).sort();
    dataset.close();
    expect(universe).toHaveLength(columns);
    for (const horizon of HORIZONS) {
      const mine = rows.filter((row) => row.pair === pair && row.horizon === horizon);
      expect(mine.map((row) => row.featureId).sort()).toEqual(universe);
      expect(mine.every((row) => row.status > 0 && row.stage !== '')).toBe(true);
      expect(mine.every((row) => row.reason !== '')).toBe(true);
    }
  }
});

test('a rerun with one trainer gives the same bytes and asks the warehouse nothing', async () => {
  await stack.trainers[1]!.stop();
  await stack.untilConnected(1);
  const run = await finishRun(stack, await startRun(stack, undefined, first.runId));
  expect(run.state, problemsOf(run)).toBe(RunState.RUN_STATE_COMPLETED);
  expectSameDocuments(await documentsOf(run.runId));
  expect(run.resultsSha256).toBe(first.resultsSha256);
  expect(run.statementsRun).toBe(0);
  expect(await stack.queryJobs()).toHaveLength(2);
});

test('kill -9 of a trainer midway changes nothing in the results', async () => {
  stack.addTrainer();
  await stack.untilConnected(2);
  const victim = stack.trainers[0]!;
  let killed = false;
  const run = await finishRun(stack, await startRun(stack, undefined, first.runId), (event) => {
    if (killed || event.event?.$case !== 'task') return;
    const { trainerId, state, stage } = event.event.value;
    if (trainerId !== 'trainer-1' || state !== TaskState.TASK_STATE_LEASED || stage === '') return;
    killed = true;
    victim.kill('SIGKILL');
  });
  expect(killed).toBe(true);
  expect(await victim.exited).toBe('signal SIGKILL');
  expect(run.state, problemsOf(run)).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.some((task) => task.attempt > 1)).toBe(true);
  expectSameDocuments(await documentsOf(run.runId));
  expect(run.resultsSha256).toBe(first.resultsSha256);
});

test('a dataset that can no longer be read ends the rerun with its name, not with results', async () => {
  const { dataset } = first.pairs.find((status) => status.pair === 'usdjpy')!;
  truncateSync(dataset!.path, Number(dataset!.fileBytes / 2n));
  const run = await finishRun(stack, await startRun(stack, undefined, first.runId));
  expect([RunState.RUN_STATE_PARTIAL, RunState.RUN_STATE_FAILED]).toContain(run.state);
  expect(problemsOf(run)).toMatch(/usdjpy/);
  expect(problemsOf(run)).toMatch(/damaged|not cached|unreadable|verif/i);
  expect(await stack.queryJobs()).toHaveLength(2);
});
