import { OnescanError } from '@onescan/shared/onescan-error.js';
import { expect, test } from 'vitest';
import { admit, estimateFootprint } from './footprint.js';

const GIB = 1024 ** 3;
const full = { rows: 80_000, columns: 6_477, bins: 64, gramBlocks: 16 };

test('the mandated universe fits 8 GiB: half a gigabyte of bins, 2.7 GB of Gram blocks', () => {
  const { binnedBytes, learningBytes, totalBytes } = estimateFootprint(full);
  expect(binnedBytes).toBeGreaterThan(80_000 * 6_477);
  expect(binnedBytes).toBeLessThan(1.05 * 80_000 * 6_480);
  expect(learningBytes).toBeGreaterThan(2.6e9);
  expect(totalBytes).toBeLessThan(4 * GIB);
  expect(admit(full, 200e6, 8 * GIB)).toEqual(estimateFootprint(full));
});

test('loading and learning never overlap, so the larger counts', () => {
  const parts = estimateFootprint({ ...full, gramBlocks: 0 });
  expect(parts.totalBytes).toBe(parts.binnedBytes + parts.rowsBytes + parts.loadingBytes);
});

test('what cannot fit is refused with the arithmetic', () => {
  const refused = (): unknown => admit(full, 200 * 1024 ** 2, 2 * GIB);
  expect(refused).toThrow(OnescanError);
  expect(refused).toThrow(
    /80000 rows x 6477 columns need .* the limit is 2.00 GiB: process 200 MiB \+ bins .* MiB \+ keys/,
  );
});
