import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';
import { PAGE_HEADERS } from './page-security.js';

/** Most bytes of a request's body. */
const MAX_BODY_BYTES = 16 * 1024;

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  FAILED_PRECONDITION: 412,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 404,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Sends a document of JSON that nobody may keep. */
export function sendJson(response: ServerResponse, body: unknown, headers: OutgoingHttpHeaders = {}): void {
  send(response, 200, JSON.stringify(body), headers);
}

/** Sends an error with the HTTP status that its code stands for. */
export function sendError(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, message, remedy } = OnescanError.from(thrown);
  send(response, HTTP_STATUS[code] ?? 500, JSON.stringify({ error: { code, message, remedy } }));
}

/**
 * The body of a request as an object.
 *
 * @throws OnescanError INVALID_ARGUMENT when it is no JSON object, RESOURCE_EXHAUSTED when it is too long
 */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  // A form of another site cannot send this type without asking first.
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new OnescanError('INVALID_ARGUMENT', 'requests are application/json');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) {
      throw new OnescanError('RESOURCE_EXHAUSTED', `a request has at most ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return asObject(Buffer.concat(chunks).toString('utf8'));
}

function asObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OnescanError('INVALID_ARGUMENT', 'the request is no JSON', { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new OnescanError('INVALID_ARGUMENT', 'the request is no object of JSON');
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}
