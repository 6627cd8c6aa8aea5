import { OnescanError } from '@onescan/shared/onescan-error.js';
import { expect, test } from 'vitest';
import { classifyFailure } from './classify-failure.js';

test.each([
  [new RangeError('label of horizon 15 has one class only'), 'BAD_DATA'],
  [new OnescanError('DATA_LOSS', 'checksum of block 3'), 'BAD_DATA'],
  [new OnescanError('UNAVAILABLE', 'no fetcher'), 'CRASH'],
  [new OnescanError('RESOURCE_EXHAUSTED', 'needs 9 GiB'), 'OUT_OF_MEMORY'],
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
