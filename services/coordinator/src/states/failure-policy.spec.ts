import { expect, test } from 'vitest';
import { afterFailure } from './failure-policy.js';

const NONE = { crashes: 0, outOfMemory: 0 };

test('bad data is final, work handed back is free', () => {
  expect(afterFailure('BAD_DATA', NONE)).toEqual({ state: 'FAILED', ...NONE });
  expect(afterFailure('HANDED_BACK', { crashes: 2, outOfMemory: 1 })).toEqual({
    state: 'READY',
    crashes: 2,
    outOfMemory: 1,
  });
});

test('out of memory gets one retry, counted apart from crashes', () => {
  expect(afterFailure('OUT_OF_MEMORY', { crashes: 2, outOfMemory: 0 })).toMatchObject({
    state: 'READY',
    outOfMemory: 1,
  });
  expect(afterFailure('OUT_OF_MEMORY', { crashes: 0, outOfMemory: 1 })).toMatchObject({ state: 'FAILED' });
});

test('an assignment that never arrived is free; a full disk is tried three times and never quarantines', () => {
  expect(afterFailure('UNDELIVERED', { crashes: 2, outOfMemory: 1 })).toEqual({
    state: 'READY',
    crashes: 2,
    outOfMemory: 1,
  });
  expect(afterFailure('DISK_FULL', NONE)).toMatchObject({ state: 'READY', crashes: 1 });
  expect(afterFailure('DISK_FULL', { crashes: 2, outOfMemory: 0 })).toMatchObject({ state: 'FAILED' });
});

test('what does not fit by arithmetic is not tried again', () => {
  expect(afterFailure('DOES_NOT_FIT', NONE)).toEqual({ state: 'FAILED', crashes: 0, outOfMemory: 0 });
});

test('the third crash or loss quarantines', () => {
  expect(afterFailure('CRASH', NONE)).toMatchObject({ state: 'READY', crashes: 1 });
  expect(afterFailure('LOST', { crashes: 1, outOfMemory: 1 })).toMatchObject({ state: 'READY', crashes: 2 });
  expect(afterFailure('CRASH', { crashes: 2, outOfMemory: 0 })).toMatchObject({
    state: 'QUARANTINED',
    crashes: 3,
  });
});
