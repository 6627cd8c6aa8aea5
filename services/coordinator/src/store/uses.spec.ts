import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Store } from './store.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-uses-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('closing waits for queries under way, and nothing begins after it', async () => {
  for (let i = 0; i < 20; i++) {
    const store = await Store.open(folder);
    const slow = store.readRunTable((reader) =>
      reader.runAndReadAll('SELECT count(*) FROM range(3000000) AS a(x) WHERE hash(x) % 7 = 0'),
    );
    const reads = Array.from({ length: 20 }, () => store.readRun('none'));
    await store.close();
    expect((await slow).currentRowCount).toBe(1);
    expect(await Promise.all(reads)).toEqual(Array(20).fill(undefined));
    await expect(store.readRun('none')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(store.putCatalogues([])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
});
