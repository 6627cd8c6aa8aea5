import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { buildSmallWarehouse } from '@onescan/fetcher/testing/small-warehouse.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followRun, readRun } from '../faults/follow-run.js';
import { fingerprint } from '../faults/run-fingerprint.js';

import { quickSpec, startRun } from '../runs.js';
import { ServiceProcess } from '../service-process.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

const SPEC = quickSpec({ pairs: ['eurusd'], sample: { rows: 2000 } });

// Skipped, and shown as such, where nothing can be mounted.
describe.skipIf(!canMount())('disks', () => {
  let disk: SmallDisk;
  let stack: Stack | undefined;

  beforeEach(() => {
    stack = undefined;
  });
  afterEach(async () => {
    await stack?.stop();
    disk.remove();
  });

  test('a full disk stops a run without losing anything; it goes on by itself when there is room', async () => {
    disk = new SmallDisk(300);
    const stateFolder = join(disk.folder, 'state');
    stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, stateFolder });
    const running = stack;
    const runId = await startRun(stack, SPEC);
    let freed: Promise<void> | undefined;
    await followRun(stack, runId, ({ event }) => {
      if (event?.$case !== 'task' || event.value.state !== TaskState.TASK_STATE_LEASED || freed) return;
      disk.fill(8);
      freed = expect
        .poll(() => running.logs(), { timeout: 60_000 })
        .toMatch(/the disk of .*coordinator.duckdb is full: .* free, .* needed/)
        .then(() => disk.free());
    });
    await freed;
    const run = await readRun(stack, runId);
    expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
    const before = await fingerprint(stack, runId);
    const rerun = await startRun(stack, undefined, runId);
    await followRun(stack, rerun);
    expect(await fingerprint(stack, rerun)).toEqual(before);
  });

  test('SHAP values by row wait at the trainer for room, and the task is none the worse for it', async () => {
    disk = new SmallDisk(300);
    const stateFolder = join(disk.folder, 'state');
    stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, stateFolder });
    const running = stack;
    const overrides = { ...SPEC.overrides, 'explain.export': 'yes' };
    const runId = await startRun(stack, { ...SPEC, horizons: [15], overrides });
    let freed: Promise<void> | undefined;
    await followRun(stack, runId, ({ event }) => {
      if (event?.$case !== 'task' || event.value.state !== TaskState.TASK_STATE_LEASED || freed) return;
      disk.fill(8);
      freed = expect
        .poll(() => running.logs(), { timeout: 60_000 })
        .toMatch(/"reason":"the disk of [^"]*","[^\n]*a file of a task was not stored/)
        .then(() => disk.free());
    });
    await freed;
    const run = await readRun(stack, runId);
    expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
    expect(run.tasks[0]).toMatchObject({ attempt: 1, state: TaskState.TASK_STATE_DONE });
  });

  test('a cache disk that fills up ends the fetch by name, leaves nothing torn, and resume finishes', async () => {
    disk = new SmallDisk(12);
    const cacheFolder = join(disk.folder, 'cache');
    stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, cacheFolder });
    const ours = ['.lock', 'audit.jsonl', 'jobs.jsonl'];
    const others = () => readdirSync(cacheFolder).filter((name) => !ours.includes(name));
    // There is room when the fetch begins, and none any more once rows arrive.
    const watch = setInterval(() => {
      if (others().length === 0) return;
      clearInterval(watch);
      disk.fill(0.1);
    }, 2);
    const runId = await startRun(stack, SPEC);
    const { events } = await followRun(stack, runId);
    clearInterval(watch);
    const failed = await readRun(stack, runId);
    expect(failed.state).toBe(RunState.RUN_STATE_FAILED);
    expect(failed.problems.join('\n')).toMatch(/no dataset: the disk of .* is full .*Free space/s);
    expect(others()).toEqual([]);
    disk.free();
    disk.resize(200);
    const { coordinator } = stack;
    const { run: resumed } = await callUnary(coordinator, coordinator.resumeRun, { runId });
    expect(resumed!.state).toBe(RunState.RUN_STATE_PLANNING);
    await followRun(stack, runId, () => undefined, events.at(-1)!.sequence);
    const run = await readRun(stack, runId);
    expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
    expect(run).toMatchObject({ statementsRun: 1, bytesBilled: failed.bytesBilled });
    expect(run.approvals).toHaveLength(1);
  });

  test('a cache that turns read-only serves what it has, to trainers too, and refuses what it has not', async () => {
    disk = new SmallDisk(200);
    const cacheFolder = join(disk.folder, 'cache');
    stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, cacheFolder });
    const runId = await startRun(stack, SPEC);
    await followRun(stack, runId);
    const before = await fingerprint(stack, runId);
    disk.coverReadOnly();
    const rerun = await startRun(stack, undefined, runId);
    await followRun(stack, rerun);
    expect((await readRun(stack, rerun)).state).toBe(RunState.RUN_STATE_COMPLETED);
    expect(await fingerprint(stack, rerun)).toEqual(before);
    const other = await startRun(stack, quickSpec({ pairs: ['usdjpy'], sample: { rows: 2000 } }));
    await followRun(stack, other);
    const failed = await readRun(stack, other);
    expect(failed.state).toBe(RunState.RUN_STATE_FAILED);
    expect(failed.problems.join('\n')).toMatch(/no dataset: .*read-only file system.*Give a folder/is);
  });

  test.each([
    ['before anything is sent', 1, / eurusd .*: nothing was sent/],
    ['while the dataset is written', 9, /the disk is full: .*/],
  ])('a disk that is full %s: an error that names the folder, nothing left', async (_, mib, message) => {
    disk = new SmallDisk(mib);
    const warehouse = mkdtempSync(join(tmpdir(), 'onescan-small-'));
    await buildSmallWarehouse(warehouse);
    const cacheFolder = join(disk.folder, 'cache');
    stack = await Stack.start({ warehouse, trainers: 1, cacheFolder });
    disk.fill(mib === 1 ? 0.1 : 1.5);
    const before = readdirSync(cacheFolder);
    const runId = await startRun(
      stack,
      quickSpec({
        pairs: ['eurusd'],
        sample: { rows: 4000 },
        universe: {},
        // Less than three days can be learned only so.
        overrides: { ...SPEC.overrides, 'protocol.folds': '2', 'protocol.selectionShare': '0.6' },
      }),
    );
    await followRun(stack, runId);
    const problems = (await readRun(stack, runId)).problems.join('\n');
    expect(problems).toMatch(message);
    expect(problems).toContain(cacheFolder);
    expect(problems).toContain('Free space');
    expect(readdirSync(cacheFolder).filter((name) => name !== 'jobs.jsonl')).toEqual(before);
    rmSync(warehouse, { recursive: true });
  });

  test('a cache folder that cannot be written is refused at the start', async () => {
    disk = new SmallDisk(2);
    disk.readOnly();
    const logs = mkdtempSync(join(tmpdir(), 'onescan-logs-'));
    const fetcher = new ServiceProcess({
      service: 'fetcher',
      args: ['--warehouse', WAREHOUSE, '--cache', disk.folder],
      logPath: join(logs, 'fetcher.log'),
    });
    expect(await fetcher.exited).toBe('code 2');
    expect(fetcher.log()).toMatch(/--cache cannot be .*: .* is not writable \(EROFS\)/);
    rmSync(logs, { recursive: true });
  });
});
