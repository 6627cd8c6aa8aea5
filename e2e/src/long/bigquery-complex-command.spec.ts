import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { onescan } from '../command.js';
import type { QueryLimits } from '../fake-bigquery/analyze-statement.js';
import { type FakeBigQuery, startFakeBigQuery } from '../fake-bigquery/start-fake-bigquery.js';
import { WAREHOUSE } from '../warehouse.js';

const PROJECT = 'bqx-ml';
const WHAT = ['--horizons', '15', '--rows', '2000', '--preset', 'quick'];

let folder: string;
let fake: FakeBigQuery;
let limits: { -readonly [K in keyof QueryLimits]?: QueryLimits[K] };
const pids: number[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-complex-'));
  limits = {};
  const databasePath = join(WAREHOUSE, 'warehouse.duckdb');
  fake = await startFakeBigQuery({ databasePath, project: PROJECT, limits });
  process.env.BIGQUERY_EMULATOR_HOST = fake.url;
  process.env.BIGQUERY_STORAGE_EMULATOR_HOST = fake.storageAddress;
  await up();
});

afterEach(async () => {
  for (const pid of pids) if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
  delete process.env.BIGQUERY_EMULATOR_HOST;
  delete process.env.BIGQUERY_STORAGE_EMULATOR_HOST;
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

async function up(): Promise<void> {
  const flags = ['--warehouse', `bigquery:${PROJECT}`, '--trainers', '1', '--detach', '--json'];
  const started = await onescan(folder, 'up', ...flags);
  expect(started).toMatchObject({ code: 0 });
  const { pid, services } = JSON.parse(started.stdout) as { pid: number; services: Record<string, number> };
  pids.push(pid, ...Object.values(services));
}

interface PairDocument {
  datasetId: string;
  statements: { sqlSha256: string; tables: number }[];
  notes?: { kind: string; text: string }[];
}

async function plan(pair: string): Promise<PairDocument> {
  const { stdout, stderr, code } = await onescan(folder, 'plan', '--pairs', pair, ...WHAT, '--json');
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { plan: { pairs: PairDocument[] } }).plan.pairs[0]!;
}

/** Statements that read tables, with how they ended. */
const jobs = (): string[] =>
  fake
    .jobs()
    .filter((job) => job.configuration.labels?.purpose !== 'metadata')
    .map((job) => job.error?.reason ?? job.state);

/** Dry runs that the fake has refused. */
const refused = (): number =>
  fake.requests.filter((request) => request === 'POST /jobs').length -
  fake.dryRuns.length -
  fake.jobs().length;

const lastRun = (stdout: string) =>
  (
    JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as {
      run: { runId: string; state: string; problems?: string[]; problemReasons?: object[] };
    }
  ).run;

it('too complex for one statement: the plan splits it, says so, is run, and is known the next time', async () => {
  const one = await plan('usdjpy');
  expect(one.statements).toHaveLength(1);
  const most = Math.ceil(one.statements[0]!.tables / 2) + 2;
  limits.complexity = { tables: 1, most };
  const split = await plan('usdjpy');
  expect(split.statements).toHaveLength(2);
  expect(split.statements.every(({ tables }) => tables <= most)).toBe(true);
  expect(split.datasetId).toBe(one.datasetId);
  expect(split.notes).toContainEqual(
    expect.objectContaining({
      kind: 'split statements',
      why: {
        code: 'split_statements',
        facts: expect.objectContaining({
          statements: 2,
          refusals: ['complexity'],
          againUsd: expect.any(Number),
        }),
      },
    }),
  );
  const text = await onescan(folder, 'plan', '--pairs', 'usdjpy', ...WHAT);
  expect(text.stdout).toContain('Note, split statements: 2 statements');

  // Another fetcher on the same cache, and another pair: no dry run that fails.
  expect((await onescan(folder, 'down')).code).toBe(0);
  await up();
  const before = refused();
  expect(before).toBeGreaterThan(0);
  expect((await plan('usdjpy')).statements).toEqual(split.statements);
  expect((await plan('eurusd')).statements).toHaveLength(2);
  expect(refused()).toBe(before);

  const run = await onescan(folder, 'run', '--pairs', 'usdjpy', ...WHAT, '--yes', '--json');
  expect(run.code, run.stderr).toBe(0);
  expect(jobs()).toEqual(['DONE', 'DONE']);
  // A dataset that is there serves one statement as well as two.
  limits.complexity = { tables: 1, most: 10_000 };
  const again = await onescan(folder, 'run', '--pairs', 'usdjpy', ...WHAT, '--yes', '--json');
  expect(again.code, again.stderr).toBe(0);
  expect(jobs()).toHaveLength(2);
});

it('out of resources while it runs: resume plans more statements, asks, and pays for the rest alone', async () => {
  const one = await plan('eurusd');
  limits.complexity = { tables: 1, most: Math.ceil(one.statements[0]!.tables / 2) + 2 };
  // After the query that looks whether tables have changed, and the first statement.
  const waiting = await onescan(folder, 'run', '--pairs', 'eurusd,usdjpy', ...WHAT, '--json');
  const { runId } = lastRun(waiting.stdout);
  fake.inject({ on: 'insert', kind: 'jobResourcesExceeded', after: 2 });
  const partial = await onescan(folder, 'approve', runId, '--watch', '--json');
  expect(partial.code).not.toBe(0);
  expect(lastRun(partial.stdout)).toMatchObject({
    state: 'RUN_STATE_PARTIAL',
    problems: [
      expect.stringMatching(
        /Nothing was billed for it\. Resume the run: \w+ is planned again in [23] statements/,
      ),
    ],
  });
  expect(jobs().filter((end) => end === 'resourcesExceeded')).toHaveLength(1);
  const billed = jobs().filter((end) => end === 'DONE').length;

  const resumed = await onescan(folder, 'resume', runId, '--json');
  expect(lastRun(resumed.stdout)).toMatchObject({
    state: 'RUN_STATE_AWAITING_APPROVAL',
    problemReasons: [
      {
        code: 'other_statements',
        facts: { changed: [expect.objectContaining({ statements: 3, approved: 2 })] },
      },
    ],
  });
  const done = await onescan(folder, 'approve', runId, '--watch', '--json');
  // The effect that is planted in eurusd is suspicious.
  expect(done.code, done.stderr).toBe(6);
  expect(lastRun(done.stdout).state).toBe('RUN_STATE_COMPLETED');
  // Two of one pair, and of the other the first once and the second in two halves.
  expect(jobs().filter((end) => end === 'DONE')).toHaveLength(5);
  expect(billed).toBeGreaterThanOrEqual(2);
});
