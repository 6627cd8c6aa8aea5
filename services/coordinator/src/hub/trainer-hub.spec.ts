import {
  Assign,
  Heartbeat,
  Register,
  TaskFailure,
  TaskResult,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { kernelVersion } from '@onescan/learn/kernels/load-kernel.js';
import { createLog } from '@onescan/process/log.js';
import { PRODUCT_VERSION } from '@onescan/process/product-version.js';
import { expect, test } from 'vitest';
import { Work } from '../runs/work.js';
import { type HubParts, TrainerHub } from './trainer-hub.js';
import { TrainerRegistry } from './trainer-registry.js';

const TRAINERS = 200;
const LEASE = { heartbeatMs: 1_000, leaseMs: 10_000 };

const stored = async () => ({ accepted: true, reason: '' });

/** A hub without runs; `steps` counts how often the runs were asked to move on, each under the lock. */
async function hubOf(trainers: number) {
  const seen = { steps: 0, now: 0 };
  const work = new Work(createLog('test'));
  const registry = new TrainerRegistry({
    leaseMs: LEASE.leaseMs,
    reconnectGraceMs: 0,
    clock: () => seen.now,
    onConnections: () => undefined,
  });
  const parts: Partial<HubParts> = {
    work,
    registry,
    outcomes: { result: stored, failure: stored } as unknown as HubParts['outcomes'],
    book: { active: () => [], activeRun: () => undefined } as unknown as HubParts['book'],
    log: createLog('test'),
    monotonic: () => 0,
    options: LEASE,
    advance: async () => {
      seen.steps++;
    },
  };
  const hub = new TrainerHub(parts as HubParts);
  const registered = Array.from({ length: trainers }, (_, index) => {
    const versions = { version: PRODUCT_VERSION, kernelVersion: kernelVersion() };
    const register = Register.fromPartial({ trainerId: `t${index}`, instanceId: 'a', ...versions });
    return hub.onRegister(register, { send: () => undefined, end: () => undefined });
  });
  const beat = (value = Heartbeat.fromPartial({})) => {
    for (const trainer of registered) hub.onMessage(trainer, { $case: 'heartbeat', value });
  };
  /** Until all that was asked for is done. */
  const settled = () => work.exclusive(async () => undefined);
  await settled();
  seen.steps = 0;
  return { hub, registry, registered, work, beat, settled, seen };
}

/** Another change that is under way, until what is returned is called. */
function hold(work: Work): () => Promise<void> {
  let end = (): void => undefined;
  const change = new Promise<void>((resolve) => {
    end = resolve;
  });
  const busy = work.exclusive(() => change);
  return () => {
    end();
    return busy;
  };
}

test('idle trainers that ask while another change is under way are served by one step together', async () => {
  const { work, beat, settled, seen } = await hubOf(TRAINERS);
  const release = hold(work);
  beat();
  beat();
  await release();
  await settled();
  expect(seen.steps).toBe(1);
});

test('those that ask once a step has begun are served by the next', async () => {
  const { beat, settled, seen } = await hubOf(3);
  beat();
  await settled();
  beat();
  await settled();
  expect(seen.steps).toBe(2);
});

test('trainers at work do not ask', async () => {
  const { beat, settled, seen } = await hubOf(3);
  beat(Heartbeat.fromPartial({ workingOn: [{ runId: 'r', pair: 'eurusd', horizon: 15, attempt: 1 }] }));
  await settled();
  expect(seen.steps).toBe(0);
});

test('no trainer loses a task whose end waits longer than a lease for its turn to be stored', async () => {
  const { hub, registry, registered, work, beat, settled, seen } = await hubOf(3);
  const [failing, ...completing] = [registered[0]!, registered[1]!, registered[2]!];
  const task = { runId: 'r', pair: 'eurusd', horizon: 15, attempt: 1 };
  for (const trainer of completing)
    registry.assign(trainer, Assign.fromPartial({ task, dataset: { datasetId: 'd' } }));
  const release = hold(work);
  for (const trainer of completing)
    hub.onMessage(trainer, { $case: 'result', value: TaskResult.fromPartial({ task }) });
  registry.assign(failing, Assign.fromPartial({ task, dataset: { datasetId: 'd' } }));
  hub.onMessage(failing, { $case: 'failure', value: TaskFailure.fromPartial({ task }) });
  for (; seen.now < 3 * LEASE.leaseMs; seen.now += LEASE.heartbeatMs) beat();
  expect(registry.takeLost()).toEqual([]);
  await release();
  await settled();
  expect(registered.map(({ current }) => current)).toEqual([undefined, undefined, undefined]);
});
