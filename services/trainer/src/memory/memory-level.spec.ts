import { expect, test } from 'vitest';
import { memoryLevel } from './memory-level.js';

test.each([
  [0, 'ok'],
  [75, 'ok'],
  [76, 'shrink'],
  [90, 'shrink'],
  [91, 'pause'],
  [100, 'pause'],
  [101, 'abort'],
] as const)('%d %% of the limit is %s', (share, level) => {
  expect(memoryLevel(share, 100)).toBe(level);
});
