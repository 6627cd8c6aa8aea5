import { expect, test } from 'vitest';
import { expectUnharmed } from './expect-unharmed.js';
import { runHostileTrial } from './hostile-trial.js';
import { printTrial } from './print-trial.js';

test('100 hostile messages over every RPC harm nothing, and nobody who behaves waits long', {
  timeout: 600_000,
}, async () => {
  const trial = await runHostileTrial({
    seed: 1,
    messages: 100,
    plannable: 0.03,
    framedMethods: 1,
    flood: 0,
  });
  process.stderr.write(printTrial(trial));
  expect(trial.session.messages).toBeGreaterThanOrEqual(100);
  expectUnharmed(trial);
});
