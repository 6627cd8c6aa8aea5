import { expect, test } from 'vitest';
import { reconnectWaitMs } from './reconnect-schedule.js';

test('doubles from 100 ms to 3 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map(reconnectWaitMs)).toEqual([
    100, 200, 400, 800, 1600, 3000, 3000, 3000,
  ]);
});
