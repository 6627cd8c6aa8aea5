import { Register } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedHub } from '../testing/scripted-hub.js';
import { HubConnection, MOST_UNREAD, reconnectWaitMs } from './hub-connection.js';

let hub: ScriptedHub;
let connection: HubConnection;
let lost: OnescanError[];
let refused: OnescanError[];

beforeEach(async () => {
  hub = await ScriptedHub.start();
  [lost, refused] = [[], []];
  connection = new HubConnection({
    address: hub.address,
    onOpen: () =>
      connection.send({ message: { $case: 'register', value: Register.fromPartial({ trainerId: 't1' }) } }),
    onMessage: ({ $case }) => $case === 'registered' && connection.confirm(),
    onLost: (error) => lost.push(error),
    onRefused: (error) => refused.push(error),
  });
});
afterEach(async () => {
  await connection.close(0);
  await hub.stop();
});

test('one whose token was rotated dials again until the new one is known', async () => {
  connection.open();
  await hub.next('register');
  const answered = hub.connections;
  hub.refuseWith = new OnescanError('UNAUTHENTICATED', 'nobody has this token');
  await new Promise((resolve) => setTimeout(resolve, 50));
  hub.cut();
  await expect.poll(() => hub.connections).toBeGreaterThan(answered + 2);
  expect(refused).toEqual([]);
  hub.refuseWith = undefined;
  const before = hub.of('register').length;
  await hub.until(() => hub.of('register').length > before);
});

test('one that was never known does not dial again', async () => {
  hub.refuseWith = new OnescanError('UNAUTHENTICATED', 'nobody has this token');
  connection.open();
  await expect.poll(() => refused.map(({ code }) => code)).toEqual(['UNAUTHENTICATED']);
  expect([hub.connections, lost]).toEqual([1, []]);
});

test('a coordinator that reads nothing costs a bounded number of messages', async () => {
  connection.open();
  await hub.next('register');
  hub.stopReading();
  const stage = 's'.repeat(10_000);
  let sent = 0;
  while (lost.length === 0 && sent < 10 * MOST_UNREAD) {
    connection.send({ message: { $case: 'progress', value: { stage, fraction: 0, task: undefined } } });
    sent++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(lost[0]?.text).toContain(`leaves ${MOST_UNREAD} messages unread`);
  await hub.until(() => hub.connections === 2);
});

test('the wait before it dials again doubles from 100 ms to 3 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map(reconnectWaitMs)).toEqual([
    100, 200, 400, 800, 1600, 3000, 3000, 3000,
  ]);
});
