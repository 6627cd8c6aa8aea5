import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thresholdOfUnrounded } from './float32-threshold.js';

/** Doubles near a float32: a few steps of its spacing away. */
const near = (single: number) =>
  fc.double({ min: -3, max: 3, noNaN: true }).map((steps) => single + steps * Math.abs(single) * 2 ** -24);

test('a double goes the way that its float32 went', () => {
  const cases = fc
    .float({ noNaN: true, noDefaultInfinity: true })
    .chain((threshold) => fc.record({ threshold: fc.constant(threshold), value: near(threshold) }));
  fc.assert(
    fc.property(cases, ({ threshold, value }) => {
      expect(value <= thresholdOfUnrounded(threshold)).toBe(Math.fround(value) <= threshold);
    }),
    { numRuns: 1000 },
  );
});

test('known cases: halfway to the next float32, even ones included, zero and both infinities', () => {
  expect(thresholdOfUnrounded(1)).toBe(1 + 2 ** -24);
  const odd = 1 + 2 ** -23;
  expect(thresholdOfUnrounded(odd)).toBeLessThan(odd + 2 ** -24);
  expect(Math.fround(thresholdOfUnrounded(odd))).toBe(odd);
  expect(thresholdOfUnrounded(0)).toBe(2 ** -150);
  expect(thresholdOfUnrounded(-0)).toBe(2 ** -150);
  const largest = 2 ** 128 - 2 ** 104;
  expect(Math.fround(thresholdOfUnrounded(largest))).toBe(largest);
  expect(thresholdOfUnrounded(largest)).toBe(2 ** 128 - 2 ** 103 - 2 ** 75);
  expect(thresholdOfUnrounded(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(thresholdOfUnrounded(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
});
