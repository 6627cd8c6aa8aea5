import { expect, test } from 'vitest';
import { estimateRemaining } from './run-progress.js';

test('the remaining time is the mean time of a task times tasks over workers', () => {
  expect(estimateRemaining({ doneSeconds: [10, 20], remaining: 8, workers: 4 })).toBe(30);
  expect(estimateRemaining({ doneSeconds: [], remaining: 8, workers: 4 })).toBeUndefined();
  expect(estimateRemaining({ doneSeconds: [10], remaining: 8, workers: 0 })).toBeUndefined();
  expect(estimateRemaining({ doneSeconds: [10], remaining: 0, workers: 0 })).toBe(0);
});
