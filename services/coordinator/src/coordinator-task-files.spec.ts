import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import {
  type Assign,
  type PutTaskFileRequest,
  TrainerHubServiceClient,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { isDiskFull, type OnescanError } from '@onescan/contract/onescan-error.js';
import { callClientStream, callServerStream, createClient } from '@onescan/process/grpc/client.js';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { afterEach, expect, test } from 'vitest';
import { fileOf } from './testing/scripted-trainer.js';
import { TestStack } from './testing/test-stack.js';

let stack: TestStack;

afterEach(() => stack.close());

test('SHAP values by row are stored before their result, and handed out', async () => {
  stack = await TestStack.start();
  const content = Buffer.from('PAR1 as if');
  stack.addTrainers(1, async (assign, self) => {
    const explanation = await self.handOver(assign, content);
    // The same bytes may come again: the first try may have been cut off after it was stored.
    await self.handOver(assign, content);
    self.succeed(assign, (message) => ({ ...message, result: { ...message.result!, explanation } }));
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15] });
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect((await explanationOf(run.runId, 15)).equals(content)).toBe(true);
  await expect(explanationOf(run.runId, 30)).rejects.toThrow('has no task eurusd h30');
});

test('a result whose SHAP values did not arrive, or arrived damaged, is refused; one without any has none', async () => {
  stack = await TestStack.start();
  const content = Buffer.from('PAR1 as if');
  const other = { sha256: 'ab'.repeat(32), bytes: BigInt(content.length) };
  const refusals: string[] = [];
  stack.addTrainers(1, async (assign, self) => {
    const { attempt, horizon } = assign.task!;
    if (horizon === 45) return self.succeed(assign);
    if (attempt === 1) {
      await self.handOver(assign, content, other).catch((error) => refusals.push(error.message));
      const late = { ...assign, task: { ...assign.task!, attempt: 9 } };
      await self.handOver(late, content).catch((error) => refusals.push(error.message));
      const missing = { ...other, sha256: 'cd'.repeat(32) };
      self.succeed(assign, (message) => ({
        ...message,
        result: { ...message.result!, explanation: missing },
      }));
      return;
    }
    const explanation = await self.handOver(assign, content);
    self.succeed(assign, (message) => ({ ...message, result: { ...message.result!, explanation } }));
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15, 45] });
  expect(refusals[0]).toMatch(/10 bytes arrived that are not the 10 bytes announced/);
  expect(refusals[1]).toMatch(/attempt 9 no longer holds the lease/);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map((task) => task.attempt)).toEqual([2, 1]);
  expect((await explanationOf(run.runId, 15)).equals(content)).toBe(true);
  expect(readdirSync(join(stack.stateDir, 'runs', run.runId, 'shap'))).toEqual(['eurusd_h15.parquet']);
  await expect(explanationOf(run.runId, 45)).rejects.toThrow('has no SHAP values by row');
});

test('models are files of their own: stored before their result, handed out, and missed by name', async () => {
  stack = await TestStack.start();
  const [models, explanation] = [Buffer.from('{}\ntree'), Buffer.from('PAR1 as if')];
  const refusals: string[] = [];
  stack.addTrainers(1, async (assign, self) => {
    const { attempt, horizon } = assign.task!;
    const kind = TaskFileKind.TASK_FILE_KIND_MODELS;
    if (attempt === 1) {
      const none = TaskFileKind.TASK_FILE_KIND_UNSPECIFIED;
      await self.handOver(assign, models, undefined, none).catch((error) => refusals.push(error.message));
      // SHAP values of the same bytes are no models.
      const file = await self.handOver(assign, models);
      return self.succeed(assign, (message) => ({
        ...message,
        result: { ...message.result!, models: file },
      }));
    }
    if (horizon === 30) return self.succeed(assign);
    const result = {
      explanation: await self.handOver(assign, explanation),
      models: await self.handOver(assign, models, undefined, kind),
    };
    self.succeed(assign, (message) => ({ ...message, result: { ...message.result!, ...result } }));
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons: [15, 30] });
  expect(refusals[0]).toMatch(/header.kind is none that is stored/);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map((task) => task.attempt)).toEqual([2, 2]);
  expect((await modelsOf(run.runId, 15)).equals(models)).toBe(true);
  expect((await explanationOf(run.runId, 15)).equals(explanation)).toBe(true);
  const missing = modelsOf(run.runId, 30);
  await expect(missing).rejects.toThrow('eurusd h30 (DONE) has no models');
  await expect(missing).rejects.toMatchObject({ remedy: expect.stringContaining('models.export=yes') });
  await expect(modelsOf(run.runId, 45)).rejects.toThrow('has no task eurusd h45');
});

// Skipped, and shown as such, where nothing can be mounted.
test.skipIf(!canMount())(
  'a disk that fills up under a file is told to the trainer as that, and costs the task nothing',
  async () => {
    const disk = new SmallDisk(128);
    try {
      stack = await TestStack.start({}, { stateDir: join(disk.folder, 'state'), leaseMs: 60_000 });
      const hub = createClient(TrainerHubServiceClient, stack.address);
      const refusals: OnescanError[] = [];
      stack.addTrainers(1, async (assign, self) => {
        const file = fileOf(LARGE);
        const put = (half: () => Promise<void>): Promise<unknown> =>
          callClientStream(hub, hub.putTaskFile, inHalves(assign, half));
        await put(async () => {
          const folder = join(stack.stateDir, 'runs', assign.task!.runId, 'shap');
          await expect.poll(() => sizesIn(folder), { timeout: 30_000 }).toEqual([LARGE.length / 2]);
          // Half of the second half has room: the system writes that much, and says no more than that.
          disk.fill(LARGE.length / 4 / 1024 ** 2);
        }).catch((thrown: OnescanError) => refusals.push(thrown));
        disk.free();
        await put(async () => undefined);
        self.succeed(assign, (message) => ({
          ...message,
          result: { ...message.result!, explanation: file },
        }));
      });
      const run = await stack.complete({ pairs: ['eurusd'], horizons: [15] });
      expect(refusals.map(({ code, message }) => [code, message])).toEqual([
        ['RESOURCE_EXHAUSTED', expect.stringMatching(/no room on the disk for .*eurusd_h15\.parquet/)],
      ]);
      expect(isDiskFull(refusals[0]!)).toBe(true);
      expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
      expect(run.tasks[0]).toMatchObject({ attempt: 1, error: '' });
      expect((await explanationOf(run.runId, 15)).equals(LARGE)).toBe(true);
      hub.close();
    } finally {
      await stack.stopCoordinator();
      disk.remove();
    }
  },
);

const LARGE = Buffer.alloc(1024 ** 2, 'PAR1 as if');

/** A file in two chunks, with something done between them. */
async function* inHalves(
  { task, leaseToken }: Assign,
  between: () => Promise<void>,
): AsyncGenerator<PutTaskFileRequest> {
  const kind = TaskFileKind.TASK_FILE_KIND_EXPLANATION;
  yield { message: { $case: 'header', value: { task, file: fileOf(LARGE), leaseToken, kind } } };
  yield { message: { $case: 'chunk', value: LARGE.subarray(0, LARGE.length / 2) } };
  await between();
  yield { message: { $case: 'chunk', value: LARGE.subarray(LARGE.length / 2) } };
}

function sizesIn(folder: string): number[] {
  return readdirSync(folder).map((name) => statSync(join(folder, name)).size);
}

async function modelsOf(runId: string, horizon: number): Promise<Buffer> {
  const request = { runId, pair: 'eurusd', horizon };
  const chunks: Buffer[] = [];
  for await (const part of callServerStream(stack.client, stack.client.getModels, request)) {
    chunks.push(part.chunk);
  }
  return Buffer.concat(chunks);
}

async function explanationOf(runId: string, horizon: number): Promise<Buffer> {
  const request = { runId, pair: 'eurusd', horizon };
  const chunks: Buffer[] = [];
  for await (const part of callServerStream(stack.client, stack.client.getExplanation, request)) {
    chunks.push(part.chunk);
  }
  return Buffer.concat(chunks);
}
