import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blankRun } from '../model/run-record.js';
import { Store } from '../store/store.js';
import { RunBook } from './run-book.js';

const RUN = blankRun({
  runId: 'r',
  createdMs: 1_764_000_000_123,
  rerunOf: '',
  spec: resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15] })),
  traceparent: '',
});

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-run-book-'));
  store = await Store.open(folder);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Makes commits wait, once they are on disk, until told to return. */
function holdCommits(): { onDisk: Promise<void>; release(): void } {
  const commit = store.commit.bind(store);
  let release = (): void => undefined;
  let told = (): void => undefined;
  const onDisk = new Promise<void>((resolve) => (told = resolve));
  const held = new Promise<void>((resolve) => (release = resolve));
  store.commit = async (change) => {
    await commit(change);
    told();
    await held;
  };
  return { onDisk, release };
}

test('who is told of an end reads a run that has ended, however late memory follows the disk', async () => {
  const book = await RunBook.open(store);
  await book.create(RUN, [{ $case: 'note', value: 'created' }]);
  const events = book.watch('r', 0n, new AbortController().signal);
  expect((await events.next()).value?.sequence).toBe(1n);

  const { onDisk, release } = holdCommits();
  const ending = book.change('r', (change) => {
    change.setRun({ state: 'CANCELLED', endedMs: 1 });
    change.note('ended');
  });
  await onDisk;
  const told = events.next().then(async ({ value }) => [value?.sequence, (await book.get('r')).run.state]);
  // Events on disk are read meanwhile; they must not be told yet.
  expect((await store.readEvents('r', 1n, 10)).length).toBeGreaterThan(0);
  release();
  await ending;
  expect(await told).toEqual([2n, 'CANCELLED']);
});

test('watches leave nothing behind, of runs that go on or have ended', async () => {
  const book = await RunBook.open(store);
  await book.create(RUN, [{ $case: 'note', value: 'created' }]);
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) {
    for await (const _ of book.watch('r', 0n, signal)) break;
  }
  await book.change('r', (change) => change.setRun({ state: 'CANCELLED', endedMs: 1 }));
  for (let i = 0; i < 20; i++) {
    for await (const _ of book.watch('r', 0n, signal));
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(book.waiting).toBe(0);
});
