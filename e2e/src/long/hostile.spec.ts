import { SERVER_LIMITS } from '@onescan/process/testing/grpc/guard/server-limits.js';
import { expect, test } from 'vitest';
import { expectUnharmed } from '../hostile/expect-unharmed.js';
import { runHostileTrial } from '../hostile/hostile-trial.js';
import { printTrial } from '../hostile/print-trial.js';

/** Another one tries other messages: ONESCAN_HOSTILE_SEED=7. */
const SEED = Number(process.env.ONESCAN_HOSTILE_SEED ?? 1);
/** More than one connection may send at once, unless the machine is too slow to send them. */
const FLOOD = 7_000;

test('50,000 hostile messages over every RPC and a flood harm nothing, and nobody who behaves waits long', {
  timeout: 3_600_000,
}, async () => {
  const trial = await runHostileTrial({
    seed: SEED,
    messages: 50_000,
    plannable: 0.2,
    framedMethods: 40,
    flood: FLOOD,
  });
  process.stderr.write(printTrial(trial));
  expect(trial.session.messages).toBeGreaterThanOrEqual(50_000);
  const { counts, seconds } = trial.flood;
  const { burst, perSecond } = SERVER_LIMITS.calls;
  expect(counts.OK).toBeLessThanOrEqual(burst + Math.ceil(perSecond * seconds));
  expectUnharmed(trial);
});
