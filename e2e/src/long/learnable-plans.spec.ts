import { CONFIG_KEYS } from '@onescan/learn/testing/config/learn-config-keys.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  briefSpec,
  expectLearned,
  expectNotLearned,
  expectPlanHolds,
  RANDOM_SPECS,
  refusalOf,
  type SpecJson,
} from '../learnable-plans.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 60_000 });

const UNIVERSE = { groups: [{ name: 'pair', tables: ['base_idx_eurusd', 'vol_eurusd'], shared: false }] };

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 2 });
});
afterAll(() => stack.stop());

test('over random specs, what plans let pass is learned, and nothing else could be', async () => {
  const seen = { learned: 0, refused: 0 };
  const count = async (spec: SpecJson): Promise<void> => {
    seen[await expectPlanHolds(stack, spec)]++;
  };
  await fc.assert(fc.asyncProperty(RANDOM_SPECS, count), { numRuns: 60, endOnFailure: true });
  expect(Math.min(seen.learned, seen.refused)).toBeGreaterThan(8);
});

/** What takes minutes at its upper bound, and nothing of which decides whether a horizon is learned. */
const SLOW = /rounds$|earlyStoppingRounds|replicates/;

test('every setting is refused or learned at both ends of its range', async () => {
  const seen = { learned: 0, refused: 0 };
  for (const [key, { min, max, choices }] of Object.entries(CONFIG_KEYS)) {
    for (const value of choices ?? [min, SLOW.test(key) ? 100 : max]) {
      const overrides = { [key]: String(value) };
      const universe = { groups: [{ name: 'pair', tables: ['vol_eurusd', 'mom_eurusd'], shared: false }] };
      const spec = briefSpec({ horizons: [15], sample: { rows: 2500 }, universe, overrides });
      seen[await expectPlanHolds(stack, spec)]++;
    }
  }
  expect(seen.learned).toBeGreaterThan(100);
  expect(seen.refused).toBeGreaterThan(3);
});

/** At the start of the table the first target window has no past. */
const SHORT = briefSpec({
  horizons: [15, 105],
  period: { to: '2024-01-10T16:45:00Z' },
  sample: { rows: 3000 },
  universe: UNIVERSE,
});

test('a block of time without a target is seen before it is paid for, and the remedy works', async () => {
  const refusal = await refusalOf(stack, SHORT);
  expect(refusal).toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(
      /^period: 3000 of \d+ rows of eurusd cannot be learned with preset quick: time block 1 of 8 has no row with a target$/,
    ),
    remedy: 'Take a longer period: all of the table is enough, with 3000 rows',
  });
  await expectNotLearned(stack, SHORT);
  await expectLearned(stack, { ...SHORT, period: {} });
});

test('more rows are advised only where they were tried', async () => {
  const few = briefSpec({ horizons: [15], sample: { rows: 1500, strategy: 'days' }, universe: UNIVERSE });
  const refusal = await refusalOf(stack, few);
  const rows = Number(/^Set sample.rows to (\d+)$/.exec(refusal!.remedy)![1]);
  await expectNotLearned(stack, few);
  await expectLearned(stack, { ...few, sample: { rows, strategy: 'days' } });
});

test('memory that is too small is refused, and what is advised is enough', async () => {
  const memoryPerWorkerBytes = 256 * 1024 ** 2;
  const small = briefSpec({ horizons: [15], sample: { rows: 10_000 }, universe: {}, memoryPerWorkerBytes });
  const refusal = await refusalOf(stack, small);
  expect(refusal!.message).toMatch(/^memoryPerWorkerBytes: 10000 rows x \d+ columns of eurusd need /);
  const [, advised] = /set memoryPerWorkerBytes to (\d+)/i.exec(refusal!.remedy)!;
  await expectNotLearned(stack, small);
  expect(await refusalOf(stack, { ...small, memoryPerWorkerBytes: Number(advised) })).toBeUndefined();
});

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
