import { expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { nullLimit } from './null-limit.js';

const random = seededRandom(5n);
const drawn = (count: number, draw: () => number) => Float64Array.from({ length: count }, draw);

it('is the quantile far beyond the values of an exponential variable', () => {
  // P(X > x) = exp(-x): one in a million at 13.8.
  const limit = nullLimit(
    drawn(2000, () => -Math.log(1 - random.next())),
    1e-6,
  );
  expect(limit).toBeGreaterThan(12);
  expect(limit).toBeLessThan(16);
});

it('is no lower than the quantile of a square of a normal variable', () => {
  // P(Z^2 > 15.1) = 1e-4.
  const limit = nullLimit(
    drawn(2000, () => random.normal() ** 2),
    1e-4,
  );
  expect(limit).toBeGreaterThan(13);
  expect(limit).toBeLessThan(19);
});

it('rises as the probability falls, and is the tail begin at one in ten', () => {
  const values = drawn(100, random.next);
  const [often, seldom, never] = [0.5, 0.01, 1e-9].map((probability) => nullLimit(values, probability));
  expect(often).toBe(values.slice().sort()[89]);
  expect(seldom!).toBeGreaterThan(often!);
  expect(never!).toBeGreaterThan(seldom!);
});

it('is the value itself where all values are the same', () => {
  expect(nullLimit(new Float64Array(50), 1e-6)).toBe(0);
});

it('asks for twenty values', () => {
  expect(() => nullLimit(new Float64Array(19), 0.01)).toThrow('19');
});
