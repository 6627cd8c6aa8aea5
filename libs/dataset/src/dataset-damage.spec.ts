import { expect, it } from 'vitest';
import { damagedDataset } from './dataset-damage.js';

it('names the file once, however often the error is wrapped', () => {
  const first = damagedDataset('/cache/a.duckdb', 'torn');
  const second = damagedDataset('/cache/a.duckdb', first.message);
  expect(second.message).toBe('dataset file /cache/a.duckdb is damaged: torn');
  expect(second.code).toBe('DATA_LOSS');
});
