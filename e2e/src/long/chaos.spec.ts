import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { expect, test } from 'vitest';
import { chaos } from '../faults/chaos.js';
import { quickSpec } from '../runs.js';

test.each([1, 2, 3])('a run of 14 tasks under random kills of all services, seed %i', async (seed) => {
  const spec = quickSpec({
    horizons: [15, 30, 45, 60, 75, 90, 105],
    sample: { rows: 2000, seed: 100 + seed },
  });
  const outcome = await chaos({ seed, spec, trainers: 3, pauseMs: [500, 4000], kills: 15 });
  expect(new Set(outcome.kills).size).toBe(3);
  expect(outcome.run.state, outcome.run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(outcome.disturbed).toEqual(outcome.undisturbed);
  expect(outcome.statements, 'one a pair, however often the fetcher was killed').toBe(2);
  expect(outcome.bytesBilled.disturbed).toBe(outcome.bytesBilled.undisturbed);
  expect(Object.keys(outcome.undisturbed.documents)).toHaveLength(14);
});

test('a run of 4 tasks under random kills of all three services, soon after one another, seed 36', async () => {
  const spec = quickSpec({ horizons: [15, 45], sample: { rows: 2000, seed: 5 } });
  const outcome = await chaos({ seed: 36, spec, trainers: 2, pauseMs: [300, 1500], kills: 5 });
  expect(outcome.kills.slice(0, 3)).toEqual(['fetcher', 'trainer', 'coordinator']);
  expect(outcome.run.state, outcome.run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(outcome.disturbed).toEqual(outcome.undisturbed);
  expect(outcome.statements, 'one a pair, however often the fetcher was killed').toBe(2);
  expect(outcome.bytesBilled.disturbed).toBe(outcome.bytesBilled.undisturbed);
  expect(outcome.undisturbed.ledgerRows).toBeGreaterThan(0);
});
