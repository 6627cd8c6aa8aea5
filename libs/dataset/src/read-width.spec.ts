import { expect, test } from 'vitest';
import { columnsPerQuery, readBufferBytes } from './read-width.js';

test.each([
  [1, 125],
  [80_000, 125],
  [200_000, 50],
  [800_000, 10],
  [5_000_000, 2],
  [100_000_000, 1],
])('%d rows: %d columns a query', (rows, columns) => {
  expect(columnsPerQuery(rows)).toBe(columns);
});

test('buffers stay below 96 MB however many rows, as long as a column itself does', () => {
  for (const rows of [1000, 80_000, 333_333, 2_000_000, 11_999_999]) {
    expect(readBufferBytes(rows, 6_484)).toBeLessThanOrEqual(96e6);
  }
  expect(readBufferBytes(1000, 3)).toBe(12_000);
});
