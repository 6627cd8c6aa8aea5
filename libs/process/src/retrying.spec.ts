import { OnescanError } from '@onescan/contract/onescan-error.js';
import { expect, test } from 'vitest';
import { isAway, isBrokenOff, retrying } from './retrying.js';

const AWAY = new OnescanError('UNAVAILABLE', 'restarting');

/** Calls that fail with these errors, one after the other, then succeed. */
function failing(...errors: Error[]): { call: () => Promise<number>; calls: () => number } {
  let calls = 0;
  const call = async (): Promise<number> => {
    const error = errors[calls++];
    if (error) throw error;
    return calls;
  };
  return { call, calls: () => calls };
}

test('calls again after each wait until it succeeds, and says so', async () => {
  const told: [unknown, number][] = [];
  const { call } = failing(AWAY, AWAY);
  const onRetry = (thrown: unknown, waitMs: number): void => void told.push([thrown, waitMs]);
  expect(await retrying(call, { waitsMs: [1, 2, 3], isPassing: isAway, onRetry })).toBe(3);
  expect(told).toEqual([
    [AWAY, 1],
    [AWAY, 2],
  ]);
});

test('throws what was thrown when the waits are used up, or it will not pass', async () => {
  const last = new OnescanError('DEADLINE_EXCEEDED', 'silent');
  await expect(retrying(failing(AWAY, last).call, { waitsMs: [1], isPassing: isAway })).rejects.toBe(last);
  const forGood = new TypeError('no such thing');
  const { call, calls } = failing(AWAY, forGood);
  await expect(retrying(call, { waitsMs: [1, 1, 1], isPassing: isAway })).rejects.toBe(forGood);
  expect(calls()).toBe(2);
});

test('waits can be without end, and an abort ends one', async () => {
  function* forever(): Generator<number> {
    for (;;) yield 0;
  }
  const many = Array.from({ length: 100 }, () => AWAY);
  expect(await retrying(failing(...many).call, { waitsMs: forever(), isPassing: isAway })).toBe(101);
  const abort = new AbortController();
  const waiting = retrying(failing(AWAY).call, {
    waitsMs: [600_000],
    isPassing: isAway,
    signal: abort.signal,
    onRetry: () => setImmediate(() => abort.abort()),
  });
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await expect(
    retrying(failing(AWAY).call, { waitsMs: [1], isPassing: isAway, signal: abort.signal }),
  ).rejects.toBe(AWAY);
});

test('what passes: a peer that is away; of a stream also one that broke off', () => {
  const codes = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED', 'UNKNOWN', 'NOT_FOUND'] as const;
  const errors = codes.map((code) => new OnescanError(code, 'x'));
  expect(errors.map(isAway)).toEqual([true, true, false, false, false]);
  expect(errors.map(isBrokenOff)).toEqual([true, true, true, true, false]);
});
