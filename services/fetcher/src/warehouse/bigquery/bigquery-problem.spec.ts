import { expect, it } from 'vitest';
import { refusalOf } from '../statement-refusal.js';
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

const said = (reason: string, message: string) =>
  Object.assign(new Error(message), { code: 400, errors: [{ reason, message }] });

it.each([
  [
    'resourcesExceeded',
    'Resources exceeded during query execution: Not enough resources for query planning - too many subqueries or query is too complex.',
    'complexity',
  ],
  ['invalidQuery', 'Not enough resources for query planning - query is too complex', 'complexity'],
  [
    'invalidQuery',
    'Out of stack space due to deeply nested query expression during query resolution.',
    'complexity',
  ],
  [
    'resourcesExceeded',
    'Resources exceeded during query execution: The query could not be executed in the allotted memory. Peak usage: 120% of limit.',
    'resources',
  ],
  [
    'resourcesExceeded',
    'Resources exceeded during query execution: Your project or organization exceeded the maximum disk and memory limit available for shuffle operations.',
    'resources',
  ],
  [
    'invalid',
    'The query is too large (1094.40K characters, 72092 characters over the limit). The maximum standard SQL query length is 1024.00K characters, including comments and white space characters.',
    'length',
  ],
  ['invalid', 'Too many tables, views and user-defined functions for query: Max: 1000', 'tables'],
  ['invalid', 'Too many columns: 10001. Maximum allowed is 10000', 'columns'],
  ['responseTooLarge', 'Response too large to return. Consider specifying a destination table.', 'result'],
  // Whatever the size of the statement.
  ['invalidQuery', 'Syntax error: Unexpected keyword FROM at [1:8]', undefined],
  [
    'invalidQuery',
    'Query exceeded resource limits. 2147706 CPU seconds were used, and this query must use less than 46300 CPU seconds.',
    undefined,
  ],
  ['quotaExceeded', 'Quota exceeded: Your project exceeded quota for total shuffle size limit.', undefined],
  ['quotaExceeded', 'Quota exceeded: too many tables were read', undefined],
  ['rateLimitExceeded', 'Exceeded rate limits: too many table update operations', undefined],
  [
    'bytesBilledLimitExceeded',
    'Query exceeded limit for bytes billed: 1. 10485760 or higher required.',
    undefined,
  ],
])('%s "%s" is a refusal of what is too much at once: %s', (reason, message, refusal) => {
  const error = bigQueryError('dry run', said(reason, message));
  expect(refusalOf(error)).toBe(refusal);
  expect(isTransient(said(reason, message))).toBe(reason === 'rateLimitExceeded');
  if (refusal) expect(error.code).toBe('FAILED_PRECONDITION');
});
