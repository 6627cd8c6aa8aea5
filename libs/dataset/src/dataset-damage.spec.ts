import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifyDataset } from './verify-dataset.js';

it('is told once, and handed on by who verifies it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-damage-'));
  const path = join(folder, 'a.duckdb');
  writeFileSync(path, 'no DuckDB file');
  const { ok, problems, damage } = await verifyDataset(path);
  expect(ok).toBe(false);
  expect(damage).toMatchObject({ code: 'DATA_LOSS', message: problems[0], details: { path } });
  expect(problems[0]!.split(`dataset file ${path} is damaged`)).toHaveLength(2);
  rmSync(folder, { recursive: true });
});
