import { afterEach, expect, test, vi } from 'vitest';
import { preciseNowMs } from './tracing.js';

afterEach(() => vi.restoreAllMocks());

test('times do not go back where the wall clock and the precise one part', () => {
  const wall = 1_800_000_000_000;
  vi.spyOn(Date, 'now').mockReturnValue(wall);
  const precise = vi.spyOn(performance, 'now');
  const told = [0.7, 0.9, 1.01, -0.2].map((part) => {
    precise.mockReturnValue(wall + part - performance.timeOrigin);
    return preciseNowMs();
  });
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told[1]! - wall).toBeCloseTo(0.9, 2);
  vi.mocked(Date.now).mockReturnValue(wall - 5_000);
  expect(preciseNowMs()).toBe(wall - 5_000);
});
