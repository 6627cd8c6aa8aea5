import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlannedPair } from '../planning/plan-pair.js';
import { type DatasetSize, diskNeed, diskNotes, plannedSize, requireDiskRoom } from './disk-room.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-room-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Tables of two numbers and a text each, without targets. */
function planned(rowsAtMost: number, tables = 100): DatasetSize {
  const table = { numbers: [{}, {}], texts: [{}] };
  const query = { tables: Array.from({ length: tables }, () => table) };
  return plannedSize({ pair: 'eurusd', rowsAtMost, statements: [{ query }] } as unknown as PlannedPair);
}

it('counts every value twice, as a double of the spool and as a float32 of the dataset', () => {
  expect(diskNeed(planned(1000))).toBe(1000 * 300 * 12.7);
});

it('notes and refuses what does not fit, with folder and figures', async () => {
  await requireDiskRoom(folder, planned(10));
  expect(await diskNotes(folder, planned(10))).toEqual([]);
  const { blocks, bsize } = statfsSync(folder);
  const large = planned(Math.ceil((blocks * bsize) / (300 * 12.7)) + 1);
  const [note] = await diskNotes(folder, large);
  expect(note).toMatchObject({ kind: 'little disk', why: { code: 'little_disk', facts: { folder } } });
  await expect(requireDiskRoom(folder, large)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringMatching(/ eurusd .*: nothing was sent$/),
    remedy: expect.stringContaining('Free space'),
  });
});
