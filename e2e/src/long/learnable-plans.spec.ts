import { CONFIG_KEYS } from '@onescan/learn/testing/config/learn-config-keys.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { briefSpec, expectPlanHolds, RANDOM_SPECS, type SpecJson } from '../learnable-plans.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 60_000 });

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
