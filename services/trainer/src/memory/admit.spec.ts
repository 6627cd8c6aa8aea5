import { OnescanError } from '@onescan/contract/onescan-error.js';
import { loadingBytes } from '@onescan/dataset/read-width.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { estimateFootprint as estimate, type FootprintInput } from '@onescan/learn/sizing/footprint.js';
import { expect, test } from 'vitest';
import { admit } from './admit.js';

const estimateFootprint = (input: Omit<FootprintInput, 'loadingBytes'>) =>
  estimate({ ...input, loadingBytes: loadingBytes(input.rows, input.columns) });

const GIB = 1024 ** 3;
const config = resolveLearnConfig('standard');
/** The mandated universe: 6,477 features of 80,000 rows. */
const full = { rows: 80_000, columns: 6_477, config };

test('the full universe fits 8 GiB: half a gigabyte of bins, a gigabyte and more of Gram matrices', () => {
  const { binnedBytes, learningBytes, totalBytes } = estimateFootprint(full);
  expect(binnedBytes).toBeGreaterThan(80_000 * 6_477);
  expect(binnedBytes).toBeLessThan(1.05 * 80_000 * 6_480);
  expect(learningBytes).toBeGreaterThan(16 * 2 * 6_477 ** 2);
  expect(totalBytes).toBeLessThan(4 * GIB);
  expect(admit(full, 8 * GIB)).toEqual(estimateFootprint(full));
});

test('the mandated procedure, which may retain everything, fits 8 GiB too and needs more to model', () => {
  const mandated = { ...full, config: resolveLearnConfig('mandated') };
  const { learningBytes } = estimateFootprint(mandated);
  expect(learningBytes).toBeGreaterThan(2 * 80_000 * 6_477);
  expect(() => admit(mandated, 8 * GIB)).not.toThrow();
});

test('a tiny pair took 90 MiB on top of 113 MiB, and the least limit admits it', () => {
  const tiny = { rows: 3000, columns: 140, config };
  expect(estimateFootprint(tiny).totalBytes).toBeGreaterThan(90 * 1024 ** 2);
  expect(() => admit(tiny, 256 * 1024 ** 2)).not.toThrow();
});

test('loading and learning never overlap, so the larger counts', () => {
  const narrow = estimateFootprint({ rows: 80_000, columns: 1000, config: resolveLearnConfig('quick') });
  expect(narrow.loadingBytes).toBeGreaterThan(narrow.learningBytes);
  const inTurn = narrow.binnedBytes + narrow.rowsBytes + narrow.loadingBytes;
  expect(narrow.totalBytes).toBeGreaterThan(inTurn);
  expect(narrow.totalBytes).toBeLessThan(1.4 * inTurn);
  // A real process took 687 MiB on top of its idle 79 MiB.
  expect(narrow.totalBytes).toBeGreaterThan(687 * 1024 ** 2);
});

test('what cannot fit is refused with the arithmetic', () => {
  const refused = (): unknown => admit(full, GIB);
  expect(refused).toThrow(OnescanError);
  expect(refused).toThrow(
    /80000 rows x 6477 columns need .* the limit is 1.00 GiB: process 115 MiB \+ 115 % of \(heaps 76.3 MiB \+ bins .* MiB \+ keys/,
  );
});
