import { EstimatePairResponse } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { expect, test } from 'vitest';
import { knownSamples } from './known-samples.js';

const told = (barSteps: number[], runs: number[]) =>
  knownSamples([
    EstimatePairResponse.fromPartial({
      plan: { pair: 'eurusd' },
      sampleRows: { barSteps, usable: [{ horizon: 15, runs }] },
    }),
  ]);

test('rows are told by steps of bars and runs of rows that have all', () => {
  const { bar, usable } = told([3, 1, 4, 2, 1], [0, 1, 3, 1]).get('eurusd')!;
  expect([...bar]).toEqual([3, 4, 8, 10, 11]);
  expect([...usable.get(15)!]).toEqual([1, 2, 3]);
});

test('a fetcher that tells none, or nonsense', () => {
  const silent = EstimatePairResponse.fromPartial({ plan: { pair: 'eurusd' } });
  expect(knownSamples([silent]).size).toBe(0);
  expect(() => told([3, 0], [2])).toThrow(/a sample that is none: bars must ascend/);
  expect(() => told([2 ** 31, 2 ** 31], [2])).toThrow(/bars must ascend/);
  expect(() => told([3, 1], [1, 4_000_000_000])).toThrow(/runs are longer than its 2 rows/);
});
