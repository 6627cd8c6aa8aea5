import type { ConnectRequest } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { expect, test } from 'vitest';
import { Outbox } from './outbox.js';

const attempt = (horizon: number, number: number) => ({
  runId: 'r',
  pair: 'eurusd',
  horizon,
  attempt: number,
});
const message = (text: string): ConnectRequest => ({
  message: { $case: 'failure', value: { task: undefined, kind: 3, message: text, traceparent: '' } },
});

test('keeps ends in order until they are acknowledged, by attempt', () => {
  const outbox = new Outbox();
  outbox.add(attempt(15, 1), message('a'));
  outbox.add(attempt(30, 1), message('b'));
  outbox.add(attempt(15, 2), message('c'));
  expect(outbox.pending()).toEqual([message('a'), message('b'), message('c')]);
  expect(outbox.acknowledge(attempt(15, 1))).toBe(true);
  expect(outbox.acknowledge(attempt(15, 1))).toBe(false);
  expect(outbox.has(attempt(15, 2))).toBe(true);
  expect(outbox.pending()).toEqual([message('b'), message('c')]);
});
