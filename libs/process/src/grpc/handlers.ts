import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { resetStream } from './reset-stream.js';
import { inServerSpan } from './rpc-span.js';

/** Time that a reader may leave one message unread before its call is cut, in milliseconds. */
const READER_PATIENCE_MS = 60_000;

/** Time between the messages of a client that streams, in milliseconds. */
const SENDER_PATIENCE_MS = 30_000;

/**
 * Wraps an async function as a unary handler; anything thrown reaches the client with its status code. `signal` is
 * aborted when the client cancels or its deadline is over.
 */
export function unary<Request, Response>(
  fn: (request: Request, call: ServerUnaryCall<Request, Response>, signal: AbortSignal) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    // An async wrapper, so that what `fn` throws before its first await is answered too.
    (async () => inServerSpan(call, () => fn(call.request, call, abort.signal)))().then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(sendable(thrown)),
    );
  };
}

/**
 * Wraps an async generator as a server-streaming handler: asks it for a message when the one before was taken, stops
 * when the client cancels (through `signal`), and sends anything thrown with its status code. A client that reads
 * nothing for a while is cut off.
 */
export function serverStream<Request, Response>(
  fn: (
    request: Request,
    call: ServerWritableStream<Request, Response>,
    signal: AbortSignal,
  ) => AsyncIterable<Response>,
  { patienceMs = READER_PATIENCE_MS }: { patienceMs?: number } = {},
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    const stalled = (): void => {
      abort.abort();
      resetStream(call);
    };
    const pump = async (): Promise<void> => {
      for await (const response of fn(call.request, call, abort.signal)) {
        if (!abort.signal.aborted) await taken(call, response, { signal: abort.signal, patienceMs, stalled });
        if (abort.signal.aborted) throw new OnescanError('CANCELLED', 'the caller has gone');
      }
    };
    const isLeft = (): boolean => abort.signal.aborted;
    (async () => inServerSpan(call, pump, isLeft))().then(
      () => call.end(),
      // Not destroy(): grpc-js sends the status in its 'error' listener and then needs the stream to end.
      (thrown: unknown) => (abort.signal.aborted ? call.end() : call.emit('error', sendable(thrown))),
    );
  };
}

/**
 * Wraps an async function as a client-streaming handler; requests end with an error when the client cancels, or when
 * one is waited for too long.
 */
export function clientStream<Request, Response>(
  fn: (requests: AsyncIterable<Request>) => Promise<Response>,
  { patienceMs = SENDER_PATIENCE_MS }: { patienceMs?: number } = {},
): handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    call.on('cancelled', () => call.destroy(new OnescanError('CANCELLED', 'the client cancelled')));
    const isLeft = (): boolean => call.cancelled;
    (async () => inServerSpan(call, () => fn(timely(call, patienceMs)), isLeft))().then(
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

/** Writes a message and waits until it has left, so that one a call is held in memory; also ends with the call. */
function taken<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  response: Response,
  { signal, patienceMs, stalled }: { signal: AbortSignal; patienceMs: number; stalled: () => void },
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(stalled, patienceMs);
    signal.addEventListener('abort', done, { once: true });
    call.write(response, done);
  });
}

/** Messages as they come, each within the time. */
async function* timely<Request, Response>(
  call: ServerReadableStream<Request, Response>,
  patienceMs: number,
): AsyncGenerator<Request, void, undefined> {
  const requests = (call as AsyncIterable<Request>)[Symbol.asyncIterator]();
  const late = (): void => {
    const text = `no message came within ${patienceMs / 1_000} s`;
    call.destroy(new OnescanError('DEADLINE_EXCEEDED', text));
  };
  try {
    for (;;) {
      const timer = setTimeout(late, patienceMs);
      const next = await requests.next().finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await requests.return?.();
  }
}
