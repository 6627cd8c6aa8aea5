import { expect, it } from 'vitest';
import { DEFAULT_RESTARTS } from './restart-policy.js';
import { withStackDefaults } from './stack-options.js';

const GIB = 1024 ** 3;
const FOLDERS = { warehouse: '/w', home: '/h' };

it('uses two trainers, or one on one core', () => {
  expect(withStackDefaults(FOLDERS, { cores: 8, memoryBytes: 64 * GIB }).trainers).toBe(2);
  expect(withStackDefaults(FOLDERS, { cores: 1, memoryBytes: 64 * GIB }).trainers).toBe(1);
});

it('splits most of the memory between the trainers, at most 8 GiB each', () => {
  expect(withStackDefaults(FOLDERS, { cores: 2, memoryBytes: 64 * GIB }).memoryLimitBytes).toBe(8 * GIB);
  const small = withStackDefaults({ ...FOLDERS, trainers: 4 }, { cores: 2, memoryBytes: 8 * GIB });
  expect(small.memoryLimitBytes).toBe(Math.floor((0.7 * 8 * GIB) / 4));
});

it('keeps what was given', () => {
  const given = {
    ...FOLDERS,
    trainers: 3,
    maxWorkers: 1,
    memoryLimitBytes: GIB,
    listen: '127.0.0.1:7400',
    fetcherFlags: ['location=eu'],
    restarts: { ...DEFAULT_RESTARTS, most: 1 },
  };
  expect(withStackDefaults(given, { cores: 2, memoryBytes: 8 * GIB })).toEqual(given);
});
