import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { canMount, SmallDisk } from '@onescan/process/testing/small-disk.js';
import { expect, test } from 'vitest';
import { saveChunks } from './save-chunks.js';

const CHUNK = Buffer.alloc(512 * 1024, 'a report');

async function* both(): AsyncGenerator<Buffer> {
  yield CHUNK;
  yield CHUNK;
}

// Skipped, and shown as such, where nothing can be mounted.
test.skipIf(!canMount())(
  'a disk that fills up within the last chunk leaves no file that seems whole',
  async () => {
    const disk = new SmallDisk(4);
    const path = join(disk.folder, 'report.html');
    try {
      const chunks = (async function* () {
        yield CHUNK;
        disk.fill(0.25);
        yield CHUNK;
      })();
      await expect(saveChunks(chunks, path)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(readdirSync(disk.folder)).toEqual(['filler']);
      rmSync(join(disk.folder, 'filler'));
      expect(await saveChunks(both(), path)).toBe(2 * CHUNK.length);
      expect(readFileSync(path)).toEqual(Buffer.concat([CHUNK, CHUNK]));
    } finally {
      disk.remove();
    }
  },
);
