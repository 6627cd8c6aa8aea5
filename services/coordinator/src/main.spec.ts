import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CoordinatorServiceClient,
  RunState,
  TaskState,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScriptedFetcher, startScriptedFetcher } from './testing/scripted-fetcher.js';
import { ScriptedTrainer } from './testing/scripted-trainer.js';

const MAIN = new URL('../dist/main.js', import.meta.url).pathname;

let stateDir: string;
let fetcher: ScriptedFetcher;
const children: ChildProcess[] = [];

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'onescan-main-'));
  fetcher = await startScriptedFetcher();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await fetcher.close();
  rmSync(stateDir, { recursive: true, force: true });
});

function launch(...flags: string[]): ChildProcess & { errors: string } {
  return launchWithLog('pipe', ...flags);
}

/** @param log descriptor of the file that gets the coordinator's log, or 'pipe' for `errors` */
function launchWithLog(log: number | 'pipe', ...flags: string[]): ChildProcess & { errors: string } {
  const args = [MAIN, '--listen', '127.0.0.1:0', '--fetcher', fetcher.address, '--state', stateDir, ...flags];
  const env = { ...process.env, ONESCAN_LOG_LEVEL: 'info' };
  const child = Object.assign(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', log], env }), {
    errors: '',
  });
  child.stderr?.on('data', (chunk) => {
    child.errors += chunk;
  });
  children.push(child);
  return child;
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

test('says bad flags and exits 2', async () => {
  const child = launch('--max-workers', 'many');
  expect(await exitCode(child)).toBe(2);
  expect(child.errors).toContain('--max-workers "many" is not allowed');
});

test('what it makes can be opened by its user alone', async () => {
  const before = process.umask(0o022);
  const child = launch();
  process.umask(before);
  await readAnnouncement(child.stdout!);
  const mode = (name: string): string => (statSync(join(stateDir, name)).mode & 0o777).toString(8);
  expect(['tmp', 'coordinator.duckdb'].map(mode)).toEqual(['700', '600']);
});

test('announces itself, logs workers, keeps a second out of its folder, ends on SIGTERM', async () => {
  const first = launch();
  const { service, address } = await readAnnouncement(first.stdout!);
  expect(service).toBe('coordinator');
  const second = launch();
  expect(await exitCode(second)).toBe(5);
  expect(second.errors).toContain(`state folder ${stateDir} is in use by process ${first.pid}`);
  const trainer = new ScriptedTrainer(address, { id: 't' });
  await expect.poll(() => first.errors).toContain('workers: 1 connected, 8 allowed');
  first.kill('SIGTERM');
  expect(await exitCode(first)).toBe(0);
  trainer.close();
});

test('goes on after kill -9 without fetching again', async () => {
  const first = launch('--heartbeat-ms', '50', '--lease-ms', '500');
  const before = (await readAnnouncement(first.stdout!)).address;
  const worker = new ScriptedTrainer(before, {
    id: 'a',
    act: (assign, self) => {
      if (assign.task!.horizon === 15) self.succeed(assign);
    },
  });
  const spec = RunSpec.fromPartial({
    pairs: ['eurusd'],
    horizons: [15, 30],
    approvalMode: ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET,
  });
  const client = createClient(CoordinatorServiceClient, before);
  const { runId } = await callUnary(client, client.startRun, { spec, rerunOf: '' });
  await expect.poll(() => worker.assigned.length).toBe(2);
  first.kill('SIGKILL');
  await exitCode(first);
  worker.close();
  client.close();

  const { address } = await readAnnouncement(launch('--heartbeat-ms', '50', '--lease-ms', '500').stdout!);
  const helper = new ScriptedTrainer(address, { id: 'b' });
  const again = createClient(CoordinatorServiceClient, address);
  const sequences: number[] = [];
  for await (const { event } of callServerStream(again, again.watchRun, { runId, afterSequence: 0n })) {
    sequences.push(Number(event!.sequence));
  }
  const { run } = await callUnary(again, again.getRun, { runId });
  expect(run!.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(helper.assigned.map(({ task }) => [task!.horizon, task!.attempt])).toEqual([[30, 2]]);
  expect(fetcher.fetches).toHaveLength(1);
  expect(sequences).toEqual(sequences.map((_, i) => i + 1));
  helper.close();
  again.close();
});

test.skipIf(!canMount())('a full disk under its log changes no answer and ends no process', async () => {
  const disk = new SmallDisk(1);
  const path = `${disk.folder}/coordinator.log`;
  const log = openSync(path, 'a');
  disk.fill(0);
  const coordinator = launchWithLog(log);
  const { address } = await readAnnouncement(coordinator.stdout!);
  const client = createClient(CoordinatorServiceClient, address);
  const spec = RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15], budgetUsd: 1 });
  for (let i = 0; i < 3; i++) {
    const { runId } = await callUnary(client, client.startRun, { spec, rerunOf: '' });
    const read = async () => (await callUnary(client, client.getRun, { runId })).run!;
    await expect.poll(async () => (await read()).state).toBe(RunState.RUN_STATE_AWAITING_APPROVAL);
    const { planHash } = (await read()).plan!;
    const approval = { runId, planHash, approvedBy: 'test', automatic: false };
    const { run } = await callUnary(client, client.approveRun, approval);
    expect(run!.approvedBy).toBe('test');
  }
  const { runs } = await callUnary(client, client.listRuns, {});
  expect(runs.map(({ state }) => state)).toEqual(Array(3).fill(RunState.RUN_STATE_RUNNING));
  expect(coordinator.exitCode).toBeNull();
  disk.free();
  await callUnary(client, client.cancelRun, { runId: runs[0]!.runId, pair: '', reason: 'test' });
  coordinator.kill('SIGTERM');
  expect(await exitCode(coordinator)).toBe(0);
  expect(readFileSync(path, 'utf8')).toMatch(/"dropped":[1-9]\d*,"reason":"ENOSPC"/);
  client.close();
  closeSync(log);
  disk.remove();
});

test.skipIf(!canMount())(
  'a full disk refuses SHAP values as what it is, and costs the task nothing',
  async () => {
    const disk = new SmallDisk(256);
    const flags = ['--state', join(disk.folder, 'state')];
    const coordinator = launch(...flags);
    const { address } = await readAnnouncement(coordinator.stdout!);
    const client = createClient(CoordinatorServiceClient, address);
    const content = Buffer.alloc(20 * 1024 ** 2);
    const refusals: OnescanError[] = [];
    const trainer = new ScriptedTrainer(address, {
      id: 'trainer-1',
      act: async (assign, self) => {
        // Room for the state file alone, then for nothing at all.
        for (const leave of [45, 0]) {
          disk.fill(leave);
          await self.handOver(assign, content).catch((thrown) => refusals.push(OnescanError.from(thrown)));
          disk.free();
        }
        const explanation = await self.handOver(assign, content);
        self.succeed(assign, (message) => ({ ...message, result: { ...message.result!, explanation } }));
      },
    });
    const spec = RunSpec.fromPartial({
      pairs: ['eurusd'],
      horizons: [15],
      approvalMode: ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET,
    });
    const { runId } = await callUnary(client, client.startRun, { spec, rerunOf: '' });
    for await (const _ of callServerStream(client, client.watchRun, { runId, afterSequence: 0n }));
    const { run } = await callUnary(client, client.getRun, { runId });
    expect(refusals.map(isDiskFull)).toEqual([true, true]);
    expect(refusals[0]!.message).toMatch(/the disk of .* is full: .* free, .* needed/);
    expect(run!.state).toBe(RunState.RUN_STATE_COMPLETED);
    expect(run!.tasks[0]).toMatchObject({ attempt: 1, state: TaskState.TASK_STATE_DONE });
    expect(coordinator.errors).toContain('a file of a task was not stored');
    trainer.close();
    client.close();
    coordinator.kill('SIGTERM');
    await exitCode(coordinator);
    disk.remove();
  },
);
