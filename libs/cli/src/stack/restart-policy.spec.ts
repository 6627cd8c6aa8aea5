import { expect, it } from 'vitest';
import { DEFAULT_RESTARTS, RestartPolicy } from './restart-policy.js';

it('waits longer each time, gives up at the limit, and forgets what is long ago', () => {
  const policy = new RestartPolicy(DEFAULT_RESTARTS);
  const waits = [0, 1, 2, 3, 4].map((minute) => policy.next(minute * 60_000));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  expect(policy.recent(300_000)).toBe(5);
  expect(policy.next(599_999)).toBeUndefined();
  // The first restart is ten minutes ago: one more, at the wait of a fifth.
  expect(policy.next(600_000)).toBe(16_000);
  expect(policy.next(600_001)).toBeUndefined();
  // Stable since: it begins anew.
  expect(policy.next(2_000_000)).toBe(1_000);
});

it('caps the wait, and allows none with a limit of 0', () => {
  const many = new RestartPolicy({ ...DEFAULT_RESTARTS, most: 40 });
  const waits = Array.from({ length: 40 }, () => many.next(0)!);
  expect(Math.max(...waits)).toBe(DEFAULT_RESTARTS.longestWaitMs);
  expect(new RestartPolicy({ ...DEFAULT_RESTARTS, most: 0 }).next(0)).toBeUndefined();
});
