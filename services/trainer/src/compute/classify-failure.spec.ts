import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
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
  [new RangeError('label of horizon 15 has one class only'), 'BAD_DATA'],
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

test('the message keeps the remedy', () => {
  const error = new OnescanError('FAILED_PRECONDITION', 'old format', { remedy: 'Fetch it again' });
  expect(classifyFailure(error).message).toBe('old format. Fetch it again');
});
