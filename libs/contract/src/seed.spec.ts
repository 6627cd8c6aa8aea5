import { expect, it } from 'vitest';
import { deriveSeed } from './seed.js';

it('gives the same 52-bit seed for the same labels and others for others', () => {
  expect(deriveSeed(1n, 'eurusd', '15')).toBe(deriveSeed(1n, 'eurusd', '15'));
  expect(deriveSeed(1n, 'eurusd', '15')).not.toBe(deriveSeed(1n, 'eurusd1', '5'));
  expect(deriveSeed(1n, 'a')).not.toBe(deriveSeed(2n, 'a'));
  expect(deriveSeed(1n, 'a')).toBeLessThan(2n ** 52n);
});
