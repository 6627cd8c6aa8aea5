import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { briefSpec, expectLearned, expectNotLearned, refusalOf } from './learnable-plans.js';
import { Stack } from './stack.js';
import { WAREHOUSE } from './warehouse.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 2 });
});
afterAll(() => stack.stop());

test('one column is refused with a setting that can select from it', async () => {
  const groups = [{ name: 'pair', tables: ['base_idx_eurusd'], shared: false }];
  const one = briefSpec({
    horizons: [15],
    sample: { rows: 2000 },
    universe: { groups, exclude: EXCEPT_ONE },
  });
  const refusal = await refusalOf(stack, one);
  expect(refusal!.message).toMatch(/no selection of 1 feature column by elastic-net,curvature/);
  const [, key, value] = /^Learn with ([\w.]+)=(\w+)/.exec(refusal!.remedy)!;
  await expectNotLearned(stack, one);
  await expectLearned(stack, { ...one, overrides: { ...(one.overrides as object), [key!]: value! } });
});

/** All columns of base_idx_eurusd but one. */
const EXCEPT_ONE = ['open', 'high', 'low', 'volume'].map((price) => `base_idx_eurusd.${price}_idx`);
