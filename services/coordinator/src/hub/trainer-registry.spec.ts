import { Assign, Heartbeat, Register } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { beforeEach, expect, test } from 'vitest';
import type { TrainerStream } from './trainer.js';
import { TrainerRegistry } from './trainer-registry.js';

const LEASE = 1_000;
const GRACE = 200;
const TASK = { runId: 'r', pair: 'eurusd', horizon: 15, attempt: 1 };

let now: number;
let registry: TrainerRegistry;
let streams: (TrainerStream & { sent: number; ended: boolean })[];

beforeEach(() => {
  now = 0;
  streams = [];
  registry = new TrainerRegistry({
    leaseMs: LEASE,
    reconnectGraceMs: GRACE,
    clock: () => now,
    onConnections: () => undefined,
  });
});

function connect(more: Partial<Register> = {}) {
  const stream = {
    sent: 0,
    ended: false,
    send: () => void stream.sent++,
    end: () => {
      stream.ended = true;
    },
  };
  streams.push(stream);
  const register = Register.fromPartial({
    trainerId: 't',
    host: 'h',
    processId: 1,
    instanceId: 'a',
    ...more,
  });
  return { stream, trainer: registry.register(register, stream) };
}

const assign = Assign.fromPartial({ task: TASK, dataset: { datasetId: 'd' } });
const beat = (workingOn = [TASK]) => Heartbeat.fromPartial({ workingOn });
const lost = () => registry.takeLost().map(({ lost }) => [lost.kind, lost.attempt.attempt]);

test('silence longer than the lease loses the task, a heartbeat that names it keeps it', () => {
  const { trainer } = connect();
  registry.assign(trainer, assign);
  now = LEASE;
  expect(lost()).toEqual([]);
  registry.heartbeat(trainer, beat());
  now += LEASE;
  expect(lost()).toEqual([]);
  now += 1;
  expect(lost()).toEqual([['LOST', 1]]);
  expect(lost()).toEqual([]);
  expect(streams[0]!.ended).toBe(true);
});

test('heartbeats that do not name the task do not keep it', () => {
  const { trainer } = connect();
  registry.assign(trainer, assign);
  for (now = 0; now <= LEASE; now += 100) registry.heartbeat(trainer, beat([]));
  expect(lost()).toEqual([['LOST', 1]]);
  expect(registry.connected()).toHaveLength(1);
});

test('a broken stream loses the task after the grace, not after the lease', () => {
  const { trainer, stream } = connect();
  registry.assign(trainer, assign);
  registry.disconnect(trainer, stream);
  now = GRACE;
  expect(lost()).toEqual([]);
  now = GRACE + 1;
  expect(lost()).toEqual([['LOST', 1]]);
});

test('a trainer that comes back with its task within the grace keeps it for a lease', () => {
  const { trainer, stream } = connect();
  registry.assign(trainer, assign);
  registry.disconnect(trainer, stream);
  now = GRACE;
  expect(registry.takeReturned(connect({ holding: [TASK] }).trainer)).toBeUndefined();
  now += LEASE - GRACE;
  expect(lost()).toEqual([]);
  expect(registry.idle()).toEqual([]);
});

test('what a trainer never got is told from what its process has lost', () => {
  const { trainer, stream } = connect();
  registry.assign(trainer, assign);
  registry.disconnect(trainer, stream);
  expect(registry.takeReturned(connect().trainer)).toMatchObject({ kind: 'UNDELIVERED', attempt: TASK });
  expect(registry.idle()).toHaveLength(1);
  registry.assign(trainer, assign);
  expect(registry.takeReturned(trainer), 'sent after the registration').toBeUndefined();
  registry.disconnect(trainer, streams[1]!);
  // The same id, host and process id, as containers have it.
  expect(registry.takeReturned(connect({ instanceId: 'b' }).trainer)).toMatchObject({ kind: 'LOST' });
});

test('a lease from before a restart: kept, never delivered, or of a process that is gone', () => {
  const held = { attempt: TASK, datasetId: 'd', instance: 'a' };
  registry.expect('t', held);
  expect(registry.takeReturned(connect({ holding: [TASK] }).trainer)).toBeUndefined();
  registry.expect('u', held);
  expect(registry.takeReturned(connect({ trainerId: 'u' }).trainer)?.kind).toBe('UNDELIVERED');
  registry.expect('v', held);
  expect(registry.takeReturned(connect({ trainerId: 'v', instanceId: 'b' }).trainer)?.kind).toBe('LOST');
  registry.expect('w', { ...held, instance: '' });
  expect(registry.takeReturned(connect({ trainerId: 'w' }).trainer)?.kind).toBe('LOST');
  registry.expect('x', held);
  now = LEASE;
  expect(lost()).toEqual([]);
});

test('a stall of this process is given back to leases and to the grace', () => {
  const { trainer, stream } = connect();
  registry.assign(trainer, assign);
  registry.disconnect(trainer, stream);
  now = 10 * LEASE;
  registry.forgive(now - GRACE);
  expect(lost()).toEqual([]);
  now += 1;
  expect(lost()).toEqual([['LOST', 1]]);
});

test('a trainer that took leave gives its task back at once', () => {
  const { trainer, stream } = connect();
  registry.assign(trainer, assign);
  expect(registry.takeUnfinished(trainer)).toBeUndefined();
  registry.disconnect(trainer, stream);
  expect(registry.takeUnfinished(trainer)).toMatchObject({ kind: 'UNDELIVERED', attempt: TASK });
  expect(lost()).toEqual([]);
});

test('a task whose end has come in is nobody’s to take, however long it waits to be stored', () => {
  const { trainer, stream } = connect();
  registry.assign(trainer, assign);
  registry.over(trainer, { ...TASK, attempt: 2 });
  now = LEASE + 1;
  expect(lost(), 'another attempt is not this one').toEqual([['LOST', 1]]);

  const again = connect().trainer;
  registry.assign(again, assign);
  registry.over(again, TASK);
  // Its trainer names it no more, then falls silent, then its stream breaks.
  for (; now < 3 * LEASE; now += 100) registry.heartbeat(again, beat([]));
  now += 2 * LEASE;
  registry.disconnect(again, streams[1]!);
  now += 2 * GRACE;
  expect(lost()).toEqual([]);
  expect(registry.get('t')).toBe(again);

  registry.notStored(again, TASK);
  expect(lost()).toEqual([['LOST', 1]]);
  expect(stream.ended).toBe(true);
});
