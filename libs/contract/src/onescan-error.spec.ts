import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, OnescanError } from './onescan-error.js';

describe('OnescanError', () => {
  it('keeps code, message, remedy and details over the wire, and the cause off it', () => {
    const sent = new OnescanError('NOT_FOUND', 'no pair "é"', {
      remedy: 'Name another',
      details: { pair: 'é', rows: 3 },
      cause: new Error('secret'),
    }).toServiceError();
    expect(sent.code).toBe(status.NOT_FOUND);
    const received = OnescanError.from(sent);
    expect(received.code).toBe('NOT_FOUND');
    expect(received.text).toBe('no pair "é". Name another');
    expect(received.details).toEqual({ pair: 'é', rows: 3 });
    expect(JSON.stringify(sent.metadata.toJSON())).not.toContain('secret');
  });

  it('maps aborts, timeouts and other throws', () => {
    expect(OnescanError.from(AbortSignal.abort().reason).code).toBe('CANCELLED');
    expect(OnescanError.from(new DOMException('late', 'TimeoutError')).code).toBe('DEADLINE_EXCEEDED');
    expect(OnescanError.from('text', 'DATA_LOSS')).toMatchObject({ code: 'DATA_LOSS', message: 'text' });
  });

  it.each([
    ['ENOSPC: no space left on device, write', 'RESOURCE_EXHAUSTED'],
    ['IO Error: Could not write all bytes to file: No space left on device', 'RESOURCE_EXHAUSTED'],
    ["EROFS: read-only file system, open '/x'", 'FAILED_PRECONDITION'],
    ["EACCES: permission denied, mkdir '/x'", 'FAILED_PRECONDITION'],
  ])('says what is wrong with the disk: %s', (message, code) => {
    const error = OnescanError.from(new Error(message));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(error.remedy).not.toBe('');
  });

  it.each([
    ['No connection established. Last error: undefined. Resolution note: ', 'No connection established'],
    [
      'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:9. Resolution note: ',
      'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:9',
    ],
    ['Name resolution failed', 'Name resolution failed'],
    ['', '14 UNAVAILABLE: '],
  ])('leaves out what grpc-js does not know: "%s"', (details, message) => {
    const code = status.UNAVAILABLE;
    const sent = Object.assign(new Error(`${code} UNAVAILABLE: ${details}`), { code, details });
    expect(OnescanError.from(sent).message).toBe(message);
  });

  it.each([
    ['a half emoji', '\ud83d'],
    ['control characters', '\u0000\u001b[2J\r\n'],
    ['100,000 characters', 'x'.repeat(100_000)],
    ['50,000 letters that take six bytes', 'ü'.repeat(50_000)],
    ['nothing', ''],
  ])('can be sent whatever its texts hold: %s', (_what, text) => {
    const details = {
      [text]: text,
      ...Object.fromEntries([...'abcdefghijklmno'].map((name) => [name, text])),
    };
    const sent = new OnescanError('NOT_FOUND', text, { remedy: text, details }).toServiceError();
    expect(encodeURI(sent.details).length).toBeLessThanOrEqual(2_048);
    expect(String(sent.metadata.get('onescan-error-details')[0]).length).toBeLessThanOrEqual(2_048);
    expect(OnescanError.from(sent)).toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(/./) });
  });

  it('is never a success, whatever its code', () => {
    for (const code of ['OK', 'NONE', 5, undefined] as unknown as ErrorCode[]) {
      expect(new OnescanError(code, 'x').toServiceError().code).toBe(status.INTERNAL);
    }
  });

  it.each([
    [Symbol('a symbol')],
    [Object.create(null)],
    [undefined],
    [
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
    [Object.assign(new Error('x'), { code: 5, details: 7 })],
    [Object.assign(new Error('x'), { message: { a: 1 } })],
  ])('is made of anything that can be thrown', (thrown: unknown) => {
    expect(OnescanError.from(thrown).toServiceError().details).toMatch(/./);
  });

  it('leaves an OnescanError as it is', () => {
    const error = new OnescanError('ABORTED', 'x');
    expect(OnescanError.from(error)).toBe(error);
  });
});

it.each([new Error(''), new Error(' \n'), '', undefined, null])('has words for %j', (thrown) => {
  expect(OnescanError.from(thrown).message).toMatch(/^(Error|an error) without a message$/);
});
