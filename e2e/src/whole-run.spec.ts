import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { type Run, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import type { ResultDocument } from '@onescan/learn';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, runExplanation, runLedger, runResults, startRun } from './runs.js';
import { Stack } from './stack.js';
import { WAREHOUSE } from './warehouse.js';

/** One stack and one fetch for the whole file: the tests build on each other, in order. */
let stack: Stack;
let first: Run;
const documents = new Map<string, Buffer>();
let explanation: Buffer;

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
  const overrides = { 'explain.export': 'yes' };
  const runId = await startRun(stack, quickSpec({ horizons: HORIZONS, overrides }));
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

test('a sample that cannot be learned is refused when it is planned', async () => {
  const spec = quickSpec({ pairs: ['eurusd'], sample: { rows: 3000, strategy: 'days' } });
  const { coordinator } = stack;
  await expect(callUnary(coordinator, coordinator.planRun, { spec })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    text: expect.stringMatching(
      /sample.rows: 3000 rows of \d whole days .* cannot be learned with preset quick/,
    ),
  });
});

test('the planted pair has skill, the random walk has none beyond overlap', async () => {
  for (const [key, document] of await documentsOf(first.runId)) documents.set(key, document);
  expect(documents.size).toBe(4);
  const verdicts = Object.fromEntries(
    first.tasks.map((task) => [`${task.pair} ${task.horizon}`, task.summary?.verdict]),
  );
  // No market has an effect like the planted one.
  expect(verdicts['eurusd 45']).toBe('SKILL_SUSPECT');
  expect(verdicts['usdjpy 15']).toBe('NO_SKILL_BEYOND_OVERLAP');
  expect(verdicts['usdjpy 45']).toMatch(/^(NO_SKILL_BEYOND_OVERLAP|INCONCLUSIVE)$/);
  const walk = first.tasks.find((task) => task.pair === 'usdjpy' && task.horizon === 15)!;
  expect(walk.summary?.bestBaselineAccuracy).toBeGreaterThan(0.7);
  // The planted effect is stronger than any honest feature of a market: what shows it is called suspicious, and nothing
  // of the random walk.
  const suspicions = first.tasks.flatMap(({ pair, summary }) =>
    summary!.suspicions.map(({ featureId, retained }) => `${pair} ${featureId.split('.')[0]} ${retained}`),
  );
  expect(suspicions).toContain('eurusd mkt_flow true');
  expect(suspicions.filter((suspicion) => !/^eurusd \w+ true$/.test(suspicion))).toEqual([]);
});

test('the SHAP values of every row come as a Parquet file and add up to the prediction', async () => {
  explanation = await runExplanation(stack, first.runId, { pair: 'eurusd', horizon: 45 });
  const folder = mkdtempSync(join(tmpdir(), 'onescan-e2e-shap-'));
  const file = join(folder, 'eurusd_h45.parquet');
  writeFileSync(file, explanation);
  const connection = await (await openDuckDb(':memory:')).connect();
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjects();
  const [facts] = await ask(`SELECT count(*)::INT AS rows, sum(final_segment)::INT AS final FROM '${file}'`);
  const document = JSON.parse(String(documents.get('eurusd 45'))) as ResultDocument;
  expect(facts).toEqual({ rows: document.shap!.rowsExplained, final: document.rows.final });
  // Features have a dot in their names; docs/results.md shows this query.
  const unpivoted = `(UNPIVOT '${file}' ON COLUMNS('[.]') INTO NAME feature VALUE shap)`;
  const [worst] = await ask(
    `SELECT max(abs(sum - log_odds)) AS error FROM (SELECT interval_time, any_value(log_odds) AS log_odds,
      any_value(base_value) + any_value(overlap_logistic) + sum(shap) AS sum FROM ${unpivoted} GROUP BY 1)`,
  );
  expect(worst!.error).toBeLessThan(1e-9);
  const top = await ask(
    `SELECT feature, avg(abs(shap)) AS mean FROM ${unpivoted} GROUP BY 1 ORDER BY mean DESC LIMIT 1`,
  );
  const [best] = document.shap!.features;
  expect(top[0]!.feature).toBe(best!.feature);
  expect(top[0]!.mean).toBeCloseTo(best!.meanAbs, 9);
  connection.closeSync();
  rmSync(folder, { recursive: true });
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

test('a rerun gives the same bytes and asks the warehouse nothing, with kill -9 of a trainer midway', async () => {
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
  expect(run.statementsRun).toBe(0);
  expect(await stack.queryJobs()).toHaveLength(2);
  const again = await runExplanation(stack, run.runId, { pair: 'eurusd', horizon: 45 });
  expect(again.equals(explanation)).toBe(true);
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
