import { OnescanError } from '@onescan/contract/onescan-error.js';
import { LearnInputError, resolveLearnConfig } from '@onescan/learn';
import { expect, test } from 'vitest';
import { admit } from '../memory/admit.js';
import { classifyFailure } from './classify-failure.js';

const refused = (() => {
  try {
    return admit({ rows: 80_000, columns: 6_477, config: resolveLearnConfig('standard') }, 2 ** 30);
  } catch (thrown) {
    return thrown;
  }
})();

test.each([
  [new LearnInputError('label of horizon 15 has one class only'), 'BAD_DATA'],
  [new OnescanError('DATA_LOSS', 'checksum of block 3'), 'BAD_DATA'],
  [new OnescanError('UNAVAILABLE', 'no fetcher'), 'CRASH'],
  [refused, 'DOES_NOT_FIT'],
  // A fetcher's, say of a message that is too large: not this trainer's memory.
  [new OnescanError('RESOURCE_EXHAUSTED', 'message larger than 32 MiB'), 'CRASH'],
  [new Error('ENOSPC: no space left on device, write'), 'DISK_FULL'],
  [OnescanError.from(new Error('ENOSPC: no space left on device, write')), 'DISK_FULL'],
  [new RangeError('WebAssembly.Memory(): could not allocate memory'), 'OUT_OF_MEMORY'],
  [new RangeError('Array buffer allocation failed'), 'OUT_OF_MEMORY'],
  [new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded'), 'OUT_OF_MEMORY'],
  [new TypeError('x is undefined'), 'CRASH'],
  [Object.assign(new Error('stop'), { name: 'CancelledError' }), 'CANCELLED'],
  ['text', 'CRASH'],
])('%s is %s', (thrown, failure) => {
  expect(classifyFailure(thrown).failure).toBe(failure);
});

/** Not made up: what Node throws. */
const REAL: readonly [string, () => unknown, string][] = [
  ['a stack overflow', () => depth(0), 'CRASH'],
  ['an array that is too long', () => new Array(2 ** 32), 'OUT_OF_MEMORY'],
  ['a typed array that is too long', () => new Float64Array(2 ** 48), 'OUT_OF_MEMORY'],
  ['shared memory beyond what there is', () => new SharedArrayBuffer(2 ** 52), 'OUT_OF_MEMORY'],
  ['a text that is too long', () => 'x'.repeat(2 ** 30), 'OUT_OF_MEMORY'],
  ['a wrong setting', () => resolveLearnConfig('quick', { 'protocol.folds': '0' }), 'BAD_DATA'],
];

function depth(level: number): number {
  return 1 + depth(level + 1);
}

test.each(REAL)('%s', (_, act, failure) => {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Error);
  expect(classifyFailure(thrown), String(thrown)).toMatchObject({ failure });
});

test('the message keeps the remedy', () => {
  const error = new OnescanError('FAILED_PRECONDITION', 'old format', { remedy: 'Fetch it again' });
  expect(classifyFailure(error).message).toBe('old format. Fetch it again');
});
