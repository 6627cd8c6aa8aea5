import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import { afterAll, expect, it } from 'vitest';
import { TestStack } from '../testing/test-stack.js';
import { STATE_FILE } from './open-state-file.js';
import { removeTornFiles, runFolder } from './run-folder.js';
import { TaskFiles } from './task-files.js';

const KIND = TaskFileKind.TASK_FILE_KIND_MODELS;
const root = mkdtempSync(join(tmpdir(), 'onescan-run-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

it('a run whose id leads elsewhere has no folder, nor its tasks files', () => {
  expect(runFolder(root, '20261122-171500-3f2a9c1d')).toBe(join(root, 'runs', '20261122-171500-3f2a9c1d'));
  const files = new TaskFiles(root);
  for (const runId of ['', '.', '..', '../x', 'a/b', '/etc', 'a\0b', 'a\n', '-rf', 'x'.repeat(129)]) {
    expect(() => runFolder(root, runId), runId).toThrow('is no id of a run');
    expect(() => files.pathOf({ runId, pair: 'eurusd', horizon: 15 }, KIND)).toThrow('is no id of a run');
  }
  expect(() => files.pathOf({ runId: 'r', pair: '../../x', horizon: 15 }, KIND)).toThrow('not a known pair');
});

it('removes what was being written, and leaves the rest and what is behind links', () => {
  const state = join(root, 'torn');
  const outside = join(root, 'outside');
  const [shap, models] = ['shap', 'models'].map((name) => join(state, 'runs', 'r1', name)) as [
    string,
    string,
  ];
  for (const folder of [shap, models]) mkdirSync(folder, { recursive: true });
  mkdirSync(outside);
  const torn = [
    join(state, 'runs', 'r1', 'report.html.partial'),
    join(state, 'runs', 'r1', 'ledger.parquet.partial'),
    join(shap, 'eurusd_h15.parquet.partial-3f2a9c1d-0000-4000-8000-000000000000'),
    join(models, 'eurusd_h15.models.partial-3f2a9c1d-0000-4000-8000-000000000000'),
  ];
  const kept = [
    join(state, 'runs', 'r1', 'report.html'),
    join(shap, 'eurusd_h15.parquet'),
    join(outside, 'x.partial'),
  ];
  for (const path of [...torn, ...kept]) writeFileSync(path, '');
  symlinkSync(outside, join(state, 'runs', 'r2'));
  expect(removeTornFiles(state).sort()).toEqual(torn.sort());
  expect(torn.filter(existsSync)).toEqual([]);
  expect(kept.filter(existsSync)).toEqual(kept);
  expect(() => runFolder(state, 'r2')).toThrow('is a link, which is not followed');
});

it('a link in place of a report, or a path in the state, leads to no other file', async () => {
  const stack = await TestStack.start();
  const secret = join(root, 'secret');
  writeFileSync(secret, 'top secret');
  try {
    stack.addTrainers(1, (assign, self) => self.succeed(assign));
    const runId = await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
    await stack.watch(runId);
    const { reportPath } = await stack.getRun(runId);
    const report = readFileSync(reportPath, 'utf8');
    rmSync(reportPath);
    symlinkSync(secret, reportPath);
    await expect(read(stack, runId)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `${reportPath} is a link, which is not followed`,
    });
    rmSync(reportPath);
    writeFileSync(reportPath, report);
    await stack.stopCoordinator();
    await change(stack, [`UPDATE runs SET report_path = '${secret}'`]);
    await stack.startCoordinator();
    expect(await read(stack, runId)).toBe(report);
    await stack.stopCoordinator();
    const victim = join(stack.stateDir, '..', 'victim');
    mkdirSync(victim);
    await change(stack, [`UPDATE runs SET run_id = '../../victim'`]);
    await stack.startCoordinator();
    const { client } = stack;
    await expect(callUnary(client, client.deleteRun, { runId: '../../victim' })).rejects.toThrow();
    expect(existsSync(victim)).toBe(true);
    rmSync(victim, { recursive: true });
  } finally {
    await stack.close();
  }
});

async function read({ client }: TestStack, runId: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const { chunk } of callServerStream(client, client.getReport, { runId })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function change({ stateDir }: TestStack, statements: readonly string[]): Promise<void> {
  const instance = await openDuckDb(join(stateDir, STATE_FILE));
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}
