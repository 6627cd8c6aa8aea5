import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { expect, test } from 'vitest';
import { quickSpec } from '../runs.js';
import { chaos } from './chaos.js';

test('random kills of all three services change no byte of the results', async () => {
  const spec = quickSpec({ horizons: [15, 45], sample: { rows: 2000, seed: 5 } });
  const outcome = await chaos({ seed: 36, spec, trainers: 2, pauseMs: [300, 1500], kills: 5 });
  expect(outcome.kills.slice(0, 3)).toEqual(['fetcher', 'trainer', 'coordinator']);
  expect(outcome.run.state, outcome.run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(outcome.disturbed).toEqual(outcome.undisturbed);
  expect(outcome.statements, 'one a pair, however often the fetcher was killed').toBe(2);
  expect(outcome.bytesBilled.disturbed).toBe(outcome.bytesBilled.undisturbed);
  expect(outcome.undisturbed.ledgerRows).toBeGreaterThan(0);
}, 300_000);
