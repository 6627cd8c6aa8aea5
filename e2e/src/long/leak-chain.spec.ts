import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEAK_VARIANTS } from '@onescan/learn/testing/leak-variants.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLeakWarehouse } from '../leaks/build-leak-warehouse.js';
import { leakChain } from '../leaks/leak-chain.js';
import { Stack } from '../stack.js';

/** A few of each kind; `npm run leak-chain --workspace e2e` tries all of them, at 40,000 rows. */
const OUTCOMES = {
  'change of the last 45 bars, five bars ahead': 'excluded',
  'rank of the future in its day': 'refused',
  'future in noise, 24 %, from the start': 'suspect',
  'missing in 60 % of rises and 40 % of falls': 'suspect',
  'mean of the target by six hours': 'suspect',
  'size of the future move': 'NO_SKILL_BEYOND_OVERLAP',
} as const;
const ROWS = 8000;
const VARIANTS = LEAK_VARIANTS.filter(({ name }) => name in OUTCOMES);

const folder = mkdtempSync(join(tmpdir(), 'onescan-leak-chain-'));
const warehouse = join(folder, 'warehouse');
let stack: Stack;
beforeAll(async () => {
  await buildLeakWarehouse({
    ...{ folder: warehouse, bars: 8 * ROWS, honestFeatures: 10, seed: 1n },
    variants: VARIANTS,
  });
  stack = await Stack.start({ warehouse, trainers: 1 });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('leaks in a warehouse are told on their way to the report, or learned by nobody', async () => {
  const outcomes = await leakChain(stack, VARIANTS, ROWS);
  expect(Object.fromEntries(outcomes.map(({ variant, outcome }) => [variant, outcome]))).toEqual(OUTCOMES);
});
