import { once } from 'node:events';
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { OnescanError } from '../onescan-error.js';

/** Wraps an async function as a unary handler; anything thrown reaches the client with its status code. */
export function unary<Request, Response>(
  fn: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    // An async wrapper, so that what `fn` throws before its first await is answered too.
    (async () => fn(call.request, call))().then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(sendable(thrown)),
    );
  };
}

/**
 * Wraps an async generator as a server-streaming handler: honours backpressure, stops when the client
 * cancels (through `signal`), and sends anything thrown with its status code.
 */
export function serverStream<Request, Response>(
  fn: (
    request: Request,
    call: ServerWritableStream<Request, Response>,
    signal: AbortSignal,
  ) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    (async () => pump(fn(call.request, call, abort.signal), call, abort.signal))().then(
      () => call.end(),
      // Not destroy(): grpc-js sends the status in its 'error' listener and then needs the stream to end.
      (thrown: unknown) => call.emit('error', sendable(thrown)),
    );
  };
}

/** Wraps an async function as a client-streaming handler; requests end with an error when the client cancels. */
export function clientStream<Request, Response>(
  fn: (requests: AsyncIterable<Request>) => Promise<Response>,
): handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    call.on('cancelled', () => call.destroy(new OnescanError('CANCELLED', 'the client cancelled')));
    (async () => fn(call as AsyncIterable<Request>))().then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(sendable(thrown)),
    );
  };
}

/** What is sent for anything thrown. Never throws itself: nobody would answer the call, or end the process well. */
function sendable(thrown: unknown): ReturnType<OnescanError['toServiceError']> {
  try {
    return OnescanError.from(thrown).toServiceError();
  } catch {
    return new OnescanError('INTERNAL', 'an error that cannot be told').toServiceError();
  }
}

async function pump<Request, Response>(
  responses: AsyncIterable<Response>,
  call: ServerWritableStream<Request, Response>,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of responses) {
    if (signal.aborted) return;
    if (!call.write(response)) await once(call, 'drain', { signal }).catch(ignoreAbort);
  }
}

function ignoreAbort(thrown: unknown): void {
  if (!(thrown instanceof Error && thrown.name === 'AbortError')) throw thrown;
}
