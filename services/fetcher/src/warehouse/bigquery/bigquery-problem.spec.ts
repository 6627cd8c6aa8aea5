import { expect, it } from 'vitest';
import { bigQueryError, isTransient } from './bigquery-problem.js';

const api = (code: number, reason: string) =>
  Object.assign(new Error('said'), { code, errors: [{ reason, message: 'said' }] });
const broken = (code: string) => Object.assign(new Error(`request failed, reason: ${code}`), { code });

it.each([
  [api(403, 'rateLimitExceeded'), true, 'UNAVAILABLE'],
  [api(429, ''), true, 'UNAVAILABLE'],
  [api(503, 'backendError'), true, 'UNAVAILABLE'],
  [api(502, ''), true, 'UNAVAILABLE'],
  [broken('ECONNRESET'), true, 'UNAVAILABLE'],
  [new Error('socket hang up'), true, 'UNAVAILABLE'],
  [api(403, 'quotaExceeded'), false, 'RESOURCE_EXHAUSTED'],
  [api(403, 'accessDenied'), false, 'PERMISSION_DENIED'],
  [api(401, 'authError'), false, 'UNAUTHENTICATED'],
  [api(404, 'notFound'), false, 'NOT_FOUND'],
  [api(400, 'invalidQuery'), false, 'FAILED_PRECONDITION'],
  [{ errors: [{ reason: 'bytesBilledLimitExceeded', message: 'm' }] }, false, 'RESOURCE_EXHAUSTED'],
  [{ errors: [{ reason: 'stopped', message: 'Job execution was cancelled' }] }, false, 'ABORTED'],
  [{ errors: [{ reason: 'stopped', message: 'Job timed out after 9 ms' }] }, false, 'DEADLINE_EXCEEDED'],
  [new Error('Could not load the default credentials'), false, 'UNAUTHENTICATED'],
  [new TypeError('x is not a function'), false, 'INTERNAL'],
])('%s: tried again %s, then %s', (thrown, transient, code) => {
  expect(isTransient(thrown)).toBe(transient);
  const error = bigQueryError('job J', thrown);
  expect(error).toMatchObject({ code, remedy: expect.stringMatching(/.{10}/) });
  expect(error.message).toContain('job J');
});
