import { expect, it } from 'vitest';
import { CURRENCIES, PAIRS, parsePairs } from './pair.js';

it('has each of the 28 pairs of the eight currencies once', () => {
  const unordered = PAIRS.map((pair) => [pair.slice(0, 3), pair.slice(3)].sort().join(''));
  expect(new Set(unordered).size).toBe(28);
  expect(new Set(PAIRS.flatMap((pair) => [pair.slice(0, 3), pair.slice(3)]))).toEqual(new Set(CURRENCIES));
});

it('reads lists and "all"', () => {
  expect(parsePairs(' EURUSD, usdjpy,eurusd ')).toEqual(['eurusd', 'usdjpy']);
  expect(parsePairs('all')).toEqual(PAIRS);
});

it('names the unknown pair', () => {
  expect(() => parsePairs('eurusd,usdeur')).toThrow('"usdeur"');
  expect(() => parsePairs(' ')).toThrow('no pair');
});
