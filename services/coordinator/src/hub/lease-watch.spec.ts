import { Assign, Heartbeat, Register } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { expect, test } from 'vitest';
import { LeaseWatch, leaseCheckMs, type WatchParts } from './lease-watch.js';
import { TrainerRegistry } from './trainer-registry.js';

const TIMES = { leaseMs: 1_000, reconnectGraceMs: 400 };
const TASK = { runId: 'r', pair: 'eurusd', horizon: 15, attempt: 1 };

/** A watch over one trainer with one task, on a clock of its own. */
function watched() {
  const time = { now: 0 };
  const returned: string[] = [];
  const clock = () => time.now;
  const registry = new TrainerRegistry({ ...TIMES, clock, onConnections: () => undefined });
  const register = Register.fromPartial({ trainerId: 't', instanceId: 'a' });
  const trainer = registry.register(register, { send: () => undefined, end: () => undefined });
  registry.assign(trainer, Assign.fromPartial({ task: TASK, dataset: { datasetId: 'd' } }));
  const parts = {
    registry,
    monotonic: clock,
    options: TIMES,
    book: { active: () => [] },
    outcomes: { returned: async (id: string) => void returned.push(id) },
  };
  const beat = () => registry.heartbeat(trainer, Heartbeat.fromPartial({ workingOn: [TASK] }));
  return { time, returned, beat, watch: new LeaseWatch(parts as unknown as WatchParts) };
}

test('a check that waited for the lock while this process stood still takes nobody’s task', async () => {
  const { time, returned, beat, watch } = watched();
  time.now = leaseCheckMs(TIMES);
  watch.forgiveOwnStall();
  // The lock is held, the process stands still, and what holds it ends before any timer is due or message is read.
  time.now += 5 * TIMES.leaseMs;
  await watch.takeBack();
  expect(returned).toEqual([]);
  beat();
  watch.forgiveOwnStall();
  await watch.takeBack();
  expect(returned).toEqual([]);
});

test('a trainer that is silent while checks come in time loses its task', async () => {
  const { time, returned, watch } = watched();
  const checkMs = leaseCheckMs(TIMES);
  for (; time.now <= TIMES.leaseMs + checkMs; time.now += checkMs) {
    watch.forgiveOwnStall();
    await watch.takeBack();
  }
  expect(returned).toEqual(['t']);
});
