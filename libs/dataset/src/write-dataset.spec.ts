import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DatasetContent } from './dataset-content.js';
import { DatasetSpool } from './dataset-spool.js';
import { openDataset } from './open-dataset.js';
import { writeDataset } from './write-dataset.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // generous: the machine may be busy

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-write-dataset-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeDataset', () => {
  function content(spool: DatasetSpool): DatasetContent {
    const rows = Array.from({ length: 40 }, (_, row) => row);
    const future = Float64Array.from(rows, (row) => Math.sin(row) / 3);
    // Table 0 arrives in two batches out of order, table 1 lacks rows, codes of texts come in any order.
    const late = rows.slice(20);
    const early = rows.slice(0, 20);
    const batch = (part: number[]): Float32Array =>
      Float32Array.from([
        ...part.map((r) => r * 2),
        ...part.map((r) => future[r]!),
        ...part.map((r) => r % 3),
      ]);
    spool.append(0, Int32Array.from(late), batch(late));
    spool.append(0, Int32Array.from(early), batch(early));
    spool.append(1, Int32Array.from([3]), Float32Array.from([Number.POSITIVE_INFINITY]));
    const column = (featureId: string, table: number, position: number) => ({
      featureId,
      group: 'pair',
      type: 'DOUBLE',
      encoding: 'number' as const,
      spool: { table, column: position },
    });
    return {
      datasetId: 'id',
      pair: 'eurusd',
      targetWindow: 45,
      identity: '{}',
      sql: 'SELECT 1',
      jobId: 'job',
      bytesBilled: 12n,
      usd: 0.5,
      createdAt: '2026-01-01T00:00:00Z',
      keys: BigInt64Array.from(rows, BigInt),
      bar: Int32Array.from(rows),
      persistence: Float64Array.from(rows),
      targets: [{ horizon: 15, values: future }],
      knownParts: [],
      columns: [
        column('a.double', 0, 0),
        column('a.leak', 0, 1),
        { ...column('a.text', 0, 2), type: 'VARCHAR', encoding: 'ordinal', texts: ['high', 'low', 'flat'] },
        column('b.sparse', 1, 0),
      ],
      spool: spool.index(),
    };
  }

  it('puts batches together, encodes texts in sorted order and finds a copy of a target', async () => {
    const spool = new DatasetSpool(join(folder, 'spool'));
    const file = join(folder, 'written.duckdb');
    const stages = new Set<string>();
    await writeDataset(file, content(spool), { onProgress: (stage) => stages.add(stage) });
    spool.dispose();
    expect([...stages]).toEqual(['write', 'verify']);
    const dataset = await openDataset(file);
    expect(dataset.columns[1]).toMatchObject({
      included: false,
      exclusion: { code: 'same_as_target', facts: { horizon: 15 } },
    });
    expect(dataset.columns[2]!.encoding).toBe('{"ordinal":["flat","high","low"]}');
    const columns: number[][] = [];
    await dataset.readFeatures((_, values) => columns.push(Array.from(values)));
    expect(columns[0]).toEqual(Array.from({ length: 40 }, (_, row) => row * 2));
    expect(columns[1]!.slice(0, 4)).toEqual([1, 2, 0, 1]);
    expect(columns[2]!.every(Number.isNaN)).toBe(true);
    expect(dataset.meta).toMatchObject({ bytesBilled: 12n, usd: 0.5, sql: 'SELECT 1', jobId: 'job' });
    dataset.close();
  });

  it('leaves nothing when it is cancelled', async () => {
    const spool = new DatasetSpool(join(folder, 'spool'));
    const before = readdirSync(folder).filter((name) => name !== 'spool');
    const abort = new AbortController();
    const writing = writeDataset(join(folder, 'cancelled.duckdb'), content(spool), { signal: abort.signal });
    abort.abort();
    await expect(writing).rejects.toMatchObject({ code: 'CANCELLED' });
    spool.dispose();
    expect(readdirSync(folder)).toEqual(before);
  });

  it('writes the same whether a thread is new, has written before or writes beside another', async () => {
    const spool = new DatasetSpool(join(folder, 'spool'));
    const written = content(spool);
    const hashOf = async (name: string): Promise<string> => {
      const path = join(folder, name);
      await writeDataset(path, written);
      const dataset = await openDataset(path);
      dataset.close();
      return dataset.meta.contentSha256;
    };
    const first = await hashOf('first.duckdb');
    expect(await Promise.all(['again.duckdb', 'beside.duckdb'].map(hashOf))).toEqual([first, first]);
    // A file that cannot be made ends its thread; the next one has another.
    await expect(hashOf('missing/file.duckdb')).rejects.toThrow(/missing/);
    expect(await hashOf('after.duckdb')).toBe(first);
    spool.dispose();
  });
});
