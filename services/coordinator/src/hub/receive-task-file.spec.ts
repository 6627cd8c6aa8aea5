import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { type TaskFile, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import type { PutTaskFileRequest } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TaskFiles } from '../store/task-files.js';
import { receiveTaskFile, UploadSlots } from './receive-task-file.js';

const TEXT = Buffer.from('PAR1 and more');
const FILE: TaskFile = { sha256: sha256Hex(TEXT), bytes: BigInt(TEXT.length) };

let folder: string;
let places: { files: TaskFiles; slots: UploadSlots };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-task-file-'));
  places = { files: new TaskFiles(folder), slots: new UploadSlots() };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A header for a horizon's file, then chunks. */
async function* upload(
  file: TaskFile,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  horizon = 15,
): AsyncGenerator<PutTaskFileRequest> {
  const kind = TaskFileKind.TASK_FILE_KIND_EXPLANATION;
  const task = { runId: 'r', pair: 'eurusd', horizon, attempt: 1 };
  yield { message: { $case: 'header', value: { task, file, leaseToken: '', kind } } };
  for await (const value of chunks) yield { message: { $case: 'chunk', value } };
}

const receive = (requests: AsyncIterable<PutTaskFileRequest>): Promise<unknown> =>
  receiveTaskFile(requests, places, async () => undefined);

const stored = (): string[] => readdirSync(folder, { recursive: true }).map(String).sort();

it.each<[string, Partial<TaskFile>]>([
  ['64 GiB', { bytes: 64n * 1024n ** 3n }],
  ['just above 8 GiB', { bytes: 8n * 1024n ** 3n + 1n }],
  ['no hash', { sha256: '' }],
  ['a path for a hash', { sha256: '../'.repeat(20) }],
])('refuses a file announced with %s before it takes a byte', async (_what, change) => {
  let taken = 0;
  const chunks = (function* () {
    taken++;
    yield TEXT;
  })();
  await expect(receive(upload({ ...FILE, ...change }, chunks))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  expect([taken, stored()]).toEqual([0, []]);
});

it('leaves nothing of a file that stops half-way', async () => {
  const chunks = (async function* () {
    yield TEXT.subarray(0, 4);
    throw new Error('the client went away');
  })();
  await expect(receive(upload(FILE, chunks))).rejects.toThrow('went away');
  expect(stored().filter((name) => /parquet/.test(name))).toEqual([]);
});

it('takes eight files at a time, the others after them', async () => {
  let begun = 0;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const all = Array.from({ length: 20 }, (_, i) => {
    const chunks = (async function* () {
      begun++;
      await held;
      yield TEXT;
    })();
    return receive(upload(FILE, chunks, i + 1));
  });
  await expect.poll(() => begun).toBe(8);
  release();
  await Promise.all(all);
  expect(stored().filter((name) => /h\d+\.parquet$/.test(name))).toHaveLength(20);
});

it('refuses those that would wait behind too many', async () => {
  const releases = await Promise.all(Array.from({ length: 8 }, () => places.slots.take()));
  const waiting = Array.from({ length: 256 }, () => places.slots.take());
  await expect(places.slots.take()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  for (const release of releases) release();
  for (const next of waiting) (await next)();
  (await places.slots.take())();
});
